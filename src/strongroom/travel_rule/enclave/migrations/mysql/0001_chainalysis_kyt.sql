CREATE TABLE chainalysis_kyt_results (
  id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT,
  request_id VARCHAR(40) NOT NULL,
  verification_uuid VARCHAR(40) NOT NULL,
  counterparty_vasp_id BIGINT(20) UNSIGNED NOT NULL,
  api_type ENUM('TRANSFER','ATTEMPT') NOT NULL,
  user_id VARCHAR(128) NOT NULL,
  direction ENUM('OUTGOING','INCOMING') NOT NULL,
  network VARCHAR(128),
  asset VARCHAR(16) NOT NULL,
  amount VARCHAR(128) NOT NULL,
  usd_price VARCHAR(128),
  transfer_ref VARCHAR(1024),
  output_address VARCHAR(512),
  timestamp DATETIME(3),
  external_id VARCHAR(128),
  status ENUM('ERROR','REGISTERED','CHECKING','PROCESSED') NOT NULL,
  worker_id VARCHAR(128),
  last_checked_at DATETIME(3),
  alert_count INTEGER(11),
  created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  assessed_at DATETIME(3),
  PRIMARY KEY (id),
  CONSTRAINT uniq_request_id UNIQUE (request_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX idx_counterparty_vasp_id ON chainalysis_kyt_results (counterparty_vasp_id, created_at);
CREATE INDEX idx_created_at ON chainalysis_kyt_results (created_at);
CREATE INDEX idx_direction ON chainalysis_kyt_results (direction, created_at);
CREATE INDEX idx_external_id ON chainalysis_kyt_results (external_id);
CREATE INDEX idx_status_last_checked_at ON chainalysis_kyt_results (status, last_checked_at);
CREATE INDEX idx_status_worker_id ON chainalysis_kyt_results (status, worker_id, id);
CREATE TABLE chainalysis_kyt_alerts (
  id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT,
  external_id VARCHAR(128) NOT NULL,
  alert_id VARCHAR(128) NOT NULL,
  alert_level ENUM('LOW','MEDIUM','HIGH','SEVERE') NOT NULL,
  entity_category VARCHAR(256),
  service_name VARCHAR(256),
  exposure_type ENUM('DIRECT','INDIRECT') NOT NULL,
  alert_amount VARCHAR(128) NOT NULL,
  created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  CONSTRAINT uniq_alert_id UNIQUE (alert_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX idx_alert_level ON chainalysis_kyt_alerts (alert_level);
CREATE INDEX idx_created_at ON chainalysis_kyt_alerts (created_at);
CREATE INDEX idx_external_id ON chainalysis_kyt_alerts (external_id);
