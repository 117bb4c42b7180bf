CREATE TABLE refinitiv_wco_results (
  id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT,
  request_id VARCHAR(40) NOT NULL,
  verification_uuid VARCHAR(40) NOT NULL,
  counterparty_vasp_id BIGINT(20) UNSIGNED NOT NULL,
  direction ENUM('OUTGOING','INCOMING') NOT NULL,
  case_system_id VARCHAR(128) NOT NULL,
  aggregated_result_summaries VARCHAR(4096),
  worker_id VARCHAR(128),
  status ENUM('ERROR','REGISTERED','CHECKING','PROCESSED') NOT NULL,
  last_checked_at DATETIME(3),
  created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  assessed_at DATETIME(3),
  PRIMARY KEY (id),
  CONSTRAINT uniq_request_id UNIQUE (request_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX idx_counterparty_vasp_id ON refinitiv_wco_results (counterparty_vasp_id, created_at);
CREATE INDEX idx_created_at ON refinitiv_wco_results (created_at);
CREATE INDEX idx_direction ON refinitiv_wco_results (direction, created_at);
CREATE INDEX idx_status_last_checked_at ON refinitiv_wco_results (status, last_checked_at);
CREATE INDEX idx_status_worker_id ON refinitiv_wco_results (status, worker_id, id);
