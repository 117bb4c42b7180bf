CREATE TABLE refinitiv_wco_results (
  id BIGINT NOT NULL IDENTITY,
  request_id NVARCHAR(40) NOT NULL,
  verification_uuid NVARCHAR(40) NOT NULL,
  counterparty_vasp_id NUMERIC(20, 0) NOT NULL,
  direction VARCHAR(32) NOT NULL,
  case_system_id NVARCHAR(128) NOT NULL,
  aggregated_result_summaries NVARCHAR(max) NULL,
  worker_id NVARCHAR(128) NULL,
  status VARCHAR(32) NOT NULL,
  last_checked_at DATETIME2(3) NULL,
  created_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  updated_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  assessed_at DATETIME2(3) NULL,
  PRIMARY KEY (id),
  CONSTRAINT ck_refinitiv_wco_results_direction CHECK (direction IN ('OUTGOING', 'INCOMING')),
  CONSTRAINT ck_refinitiv_wco_results_status CHECK (status IN ('ERROR', 'REGISTERED', 'CHECKING', 'PROCESSED')),
  CONSTRAINT refinitiv_wco_results_uniq_request_id UNIQUE (request_id)
);
CREATE INDEX refinitiv_wco_results_idx_counterparty_vasp_id ON refinitiv_wco_results (counterparty_vasp_id, created_at);
CREATE INDEX refinitiv_wco_results_idx_created_at ON refinitiv_wco_results (created_at);
CREATE INDEX refinitiv_wco_results_idx_direction ON refinitiv_wco_results (direction, created_at);
CREATE INDEX refinitiv_wco_results_idx_status_last_checked_at ON refinitiv_wco_results (status, last_checked_at);
CREATE INDEX refinitiv_wco_results_idx_status_worker_id ON refinitiv_wco_results (status, worker_id, id);
