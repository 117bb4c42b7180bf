CREATE TABLE chainalysis_sanction_results (
  id BIGINT NOT NULL IDENTITY,
  request_id NVARCHAR(40) NOT NULL,
  verification_uuid NVARCHAR(40) NOT NULL,
  counterparty_vasp_id NUMERIC(20, 0) NOT NULL,
  direction VARCHAR(32) NOT NULL,
  address NVARCHAR(512) NOT NULL,
  status VARCHAR(32) NOT NULL,
  ofac_name NVARCHAR(1024) NULL,
  ofac_description NVARCHAR(max) NULL,
  ofac_url NVARCHAR(1024) NULL,
  created_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  updated_at DATETIME2(3) NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY (id),
  CONSTRAINT ck_chainalysis_sanction_results_direction CHECK (direction IN ('OUTGOING', 'INCOMING')),
  CONSTRAINT ck_chainalysis_sanction_results_status CHECK (status IN ('NOHIT', 'SANCTION', 'CLOSED', 'ERROR')),
  CONSTRAINT chainalysis_sanction_results_uniq_request_id UNIQUE (request_id)
);
CREATE INDEX chainalysis_sanction_results_idx_address ON chainalysis_sanction_results (address, created_at);
CREATE INDEX chainalysis_sanction_results_idx_counterparty_vasp_id ON chainalysis_sanction_results (counterparty_vasp_id, created_at);
CREATE INDEX chainalysis_sanction_results_idx_created_at ON chainalysis_sanction_results (created_at);
