CREATE TABLE chainalysis_kyt_results (
  id BIGINT NOT NULL IDENTITY,
  request_id NVARCHAR(40) NOT NULL,
  verification_uuid NVARCHAR(40) NOT NULL,
  counterparty_vasp_id NUMERIC(20, 0) NOT NULL,
  api_type VARCHAR(32) NOT NULL,
  user_id NVARCHAR(128) NOT NULL,
  direction VARCHAR(32) NOT NULL,
  network NVARCHAR(128) NULL,
  asset NVARCHAR(16) NOT NULL,
  amount NVARCHAR(128) NOT NULL,
  usd_price NVARCHAR(128) NULL,
  transfer_ref NVARCHAR(1024) NULL,
  output_address NVARCHAR(512) NULL,
  timestamp DATETIME2(3) NULL,
  external_id NVARCHAR(128) NULL,
  status VARCHAR(32) NOT NULL,
  worker_id NVARCHAR(128) NULL,
  last_checked_at DATETIME2(3) NULL,
  alert_count INTEGER NULL,
  created_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  updated_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  assessed_at DATETIME2(3) NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_chainalysis_kyt_results_api_type CHECK (api_type IN ('TRANSFER', 'ATTEMPT')),
  CONSTRAINT ck_chainalysis_kyt_results_direction CHECK (direction IN ('OUTGOING', 'INCOMING')),
  CONSTRAINT ck_chainalysis_kyt_results_status CHECK (status IN ('ERROR', 'REGISTERED', 'CHECKING', 'PROCESSED')),
  CONSTRAINT chainalysis_kyt_results_uniq_request_id UNIQUE (request_id)
);
CREATE INDEX chainalysis_kyt_results_idx_counterparty_vasp_id ON chainalysis_kyt_results (counterparty_vasp_id, created_at);
CREATE INDEX chainalysis_kyt_results_idx_created_at ON chainalysis_kyt_results (created_at);
CREATE INDEX chainalysis_kyt_results_idx_direction ON chainalysis_kyt_results (direction, created_at);
CREATE INDEX chainalysis_kyt_results_idx_external_id ON chainalysis_kyt_results (external_id);
CREATE INDEX chainalysis_kyt_results_idx_status_last_checked_at ON chainalysis_kyt_results (status, last_checked_at);
CREATE INDEX chainalysis_kyt_results_idx_status_worker_id ON chainalysis_kyt_results (status, worker_id, id);
CREATE TABLE chainalysis_kyt_alerts (
  id BIGINT NOT NULL IDENTITY,
  external_id NVARCHAR(128) NOT NULL,
  alert_id NVARCHAR(128) NOT NULL,
  alert_level VARCHAR(32) NOT NULL,
  entity_category NVARCHAR(256) NULL,
  service_name NVARCHAR(256) NULL,
  exposure_type VARCHAR(32) NOT NULL,
  alert_amount NVARCHAR(128) NOT NULL,
  created_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  updated_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY (id),
  CONSTRAINT ck_chainalysis_kyt_alerts_alert_level CHECK (alert_level IN ('LOW', 'MEDIUM', 'HIGH', 'SEVERE')),
  CONSTRAINT ck_chainalysis_kyt_alerts_exposure_type CHECK (exposure_type IN ('DIRECT', 'INDIRECT')),
  CONSTRAINT chainalysis_kyt_alerts_uniq_alert_id UNIQUE (alert_id)
);
CREATE INDEX chainalysis_kyt_alerts_idx_alert_level ON chainalysis_kyt_alerts (alert_level);
CREATE INDEX chainalysis_kyt_alerts_idx_created_at ON chainalysis_kyt_alerts (created_at);
CREATE INDEX chainalysis_kyt_alerts_idx_external_id ON chainalysis_kyt_alerts (external_id);
