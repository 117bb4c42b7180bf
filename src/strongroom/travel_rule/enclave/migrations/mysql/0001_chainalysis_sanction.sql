CREATE TABLE chainalysis_sanction_results (
  id BIGINT(20) UNSIGNED NOT NULL AUTO_INCREMENT,
  request_id VARCHAR(40) NOT NULL,
  verification_uuid VARCHAR(40) NOT NULL,
  counterparty_vasp_id BIGINT(20) UNSIGNED NOT NULL,
  direction ENUM('OUTGOING','INCOMING') NOT NULL,
  address VARCHAR(512) NOT NULL,
  status ENUM('NOHIT','SANCTION','CLOSED','ERROR') NOT NULL,
  ofac_name VARCHAR(1024),
  ofac_description VARCHAR(4096),
  ofac_url VARCHAR(1024),
  created_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  updated_at DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id),
  CONSTRAINT uniq_request_id UNIQUE (request_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX idx_address ON chainalysis_sanction_results (address, created_at);
CREATE INDEX idx_counterparty_vasp_id ON chainalysis_sanction_results (counterparty_vasp_id, created_at);
CREATE INDEX idx_created_at ON chainalysis_sanction_results (created_at);
