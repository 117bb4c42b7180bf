CREATE TABLE x_trp_exchanges (
  verification_uuid VARCHAR(40) NOT NULL COMMENT 'Which verification it is about',
  vasp_id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Counterparty VASP ID',
  callback VARCHAR(2000) COMMENT 'Where the next message to the counterparty goes',
  version VARCHAR(40) NOT NULL COMMENT 'Version of TRP that the counterparty speaks',
  created_at DATETIME(3) NOT NULL COMMENT 'When it began',
  PRIMARY KEY (verification_uuid)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
