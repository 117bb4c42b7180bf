CREATE TABLE verifications (
  verification_id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Verification ID' AUTO_INCREMENT,
  verification_uuid VARCHAR(40) NOT NULL COMMENT 'Verification UUID',
  result ENUM('WAIT','VERIFIED','UNKNOWN','DENIED','ERROR','PENDING','TRANSFER_ERROR') NOT NULL COMMENT 'Verification Result' DEFAULT 'WAIT',
  reason VARCHAR(256) COMMENT 'Reason',
  message VARCHAR(1024) COMMENT 'Additional information about the reason',
  network VARCHAR(128) COMMENT 'Network for token transfer',
  symbol VARCHAR(16) COMMENT 'Symbol',
  amount VARCHAR(128) COMMENT 'Amount',
  trade_price VARCHAR(128) COMMENT 'Trading Price',
  trade_currency VARCHAR(128) COMMENT 'Trading Currency',
  trade_iso_datetime DATETIME COMMENT 'Trading time',
  is_exceeding_threshold TINYINT(1) NOT NULL COMMENT 'Whether the threshold has been exceeded' DEFAULT 1,
  tx_hash VARCHAR(128) COMMENT 'Tx hash',
  vout VARCHAR(128) COMMENT 'Vout',
  originating_vasp_id BIGINT(20) UNSIGNED COMMENT 'Originating VASP ID',
  originator_account_number VARCHAR(256) COMMENT 'Originator Account Address or ID',
  ivms101_originator TEXT(65535) COMMENT 'Originator Information',
  ivms101_originating_vasp TEXT(65535) COMMENT 'Originating VASP Information',
  beneficiary_vasp_id BIGINT(20) UNSIGNED COMMENT 'Beneficiary VASP ID',
  beneficiary_account_number VARCHAR(256) COMMENT 'Beneficiary Account Address or ID',
  ivms101_beneficiary TEXT(65535) COMMENT 'Beneficiary Information',
  ivms101_beneficiary_vasp TEXT(65535) COMMENT 'Beneficiary VASP Information',
  verified_at DATETIME(3) COMMENT 'Verified at.',
  ordered_at DATETIME(3) COMMENT 'Ordered at.',
  created_at DATETIME(3) NOT NULL COMMENT 'Created at.' DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (verification_id),
  CONSTRAINT uk_verifications_verification_uuid UNIQUE (verification_uuid)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX idx_verifications_beneficiary_account ON verifications (beneficiary_account_number);
CREATE INDEX idx_verifications_originator_account ON verifications (originator_account_number);
CREATE TABLE counter_party_keys (
  id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Key ID' AUTO_INCREMENT,
  type ENUM('PerVasp','PerAddress','PerVerification') NOT NULL COMMENT 'Key types',
  vasp_id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Counter party VASP ID',
  key_identifier VARCHAR(256) NOT NULL COMMENT 'Identifier of key (address or vaspId)',
  public_key VARCHAR(256) NOT NULL COMMENT 'Public Key of counter party',
  created_at DATETIME NOT NULL COMMENT 'Created at.' DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id),
  CONSTRAINT key_uniqueness UNIQUE (vasp_id, key_identifier, type)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE TABLE own_keys (
  id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Key ID' AUTO_INCREMENT,
  type ENUM('PerVasp','PerAddress','PerVerification') NOT NULL COMMENT 'Key types',
  key_identifier VARCHAR(256) NOT NULL COMMENT 'Identifier of key (address or type or public key)',
  public_key VARCHAR(256) NOT NULL COMMENT 'Public Key',
  private_key VARCHAR(256) NOT NULL COMMENT 'Private Key',
  created_at DATETIME NOT NULL COMMENT 'Created at.' DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY (id),
  CONSTRAINT key_uniqueness UNIQUE (key_identifier, type)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX public_key ON own_keys (public_key, private_key);
CREATE TABLE commands (
  command_id BIGINT(20) UNSIGNED NOT NULL COMMENT 'Command ID',
  command_type VARCHAR(32) NOT NULL COMMENT 'Command type',
  command_body TEXT(65535) NOT NULL COMMENT 'Command body',
  status ENUM('CREATED','PROCESSING','DONE','ERROR') NOT NULL COMMENT 'Command status' DEFAULT 'CREATED',
  created_at DATETIME NOT NULL COMMENT 'Created at.' DEFAULT CURRENT_TIMESTAMP,
  fetched_at DATETIME COMMENT 'Fetched at.',
  finished_at DATETIME COMMENT 'Finished at.',
  PRIMARY KEY (command_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX status_fetched_at_created_at ON commands (status, fetched_at, created_at);
CREATE INDEX status_finished_at ON commands (status, finished_at);
CREATE INDEX status_id ON commands (status, command_id);
CREATE TABLE x_schema_versions (
  feature VARCHAR(64) NOT NULL COMMENT 'core, or an optional feature',
  version INTEGER NOT NULL COMMENT 'Version of the feature''s tables',
  checksum VARCHAR(64) NOT NULL COMMENT 'SHA-256 of the statements, in hexadecimal',
  applied_at DATETIME(3) NOT NULL COMMENT 'When it was applied',
  PRIMARY KEY (feature, version)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE TABLE x_keyset (
  version INTEGER NOT NULL COMMENT 'Version of the data key',
  wrapped_key VARCHAR(512) NOT NULL COMMENT 'The data key, wrapped by the key encryption key',
  wrapped_by VARCHAR(64) NOT NULL COMMENT 'Kind of the key encryption key',
  created_at DATETIME(3) NOT NULL COMMENT 'When it was made',
  PRIMARY KEY (version)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE TABLE x_row_keys (
  verification_uuid VARCHAR(40) NOT NULL COMMENT 'Whose key it is',
  key_version INTEGER NOT NULL COMMENT 'Version of the data key that wraps it',
  wrapped_key VARCHAR(128) COMMENT 'The key of the verification, wrapped; gone when erased',
  content_mac VARCHAR(64) COMMENT 'Keyed digest of what was asked; gone when erased',
  erased_at DATETIME(3) COMMENT 'When the verification was erased for good',
  PRIMARY KEY (verification_uuid)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX x_row_keys_key_version ON x_row_keys (key_version);
CREATE TABLE x_messages (
  message_id VARCHAR(40) NOT NULL COMMENT 'Identifier of a sealed message',
  seen_at DATETIME(3) NOT NULL COMMENT 'When it came',
  PRIMARY KEY (message_id)
)ENGINE=InnoDB DEFAULT CHARSET=utf8 COLLATE utf8_bin;
CREATE INDEX x_messages_seen_at ON x_messages (seen_at);
