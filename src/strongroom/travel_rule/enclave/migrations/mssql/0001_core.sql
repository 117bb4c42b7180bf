CREATE TABLE verifications (
  verification_id BIGINT NOT NULL IDENTITY,
  verification_uuid NVARCHAR(40) NOT NULL,
  result VARCHAR(32) NOT NULL DEFAULT 'WAIT',
  reason NVARCHAR(256) NULL,
  message NVARCHAR(1024) NULL,
  network NVARCHAR(128) NULL,
  symbol NVARCHAR(16) NULL,
  amount NVARCHAR(128) NULL,
  trade_price NVARCHAR(128) NULL,
  trade_currency NVARCHAR(128) NULL,
  trade_iso_datetime DATETIME2(0) NULL,
  is_exceeding_threshold SMALLINT NOT NULL DEFAULT 1,
  tx_hash NVARCHAR(128) NULL,
  vout NVARCHAR(128) NULL,
  originating_vasp_id NUMERIC(20, 0) NULL,
  originator_account_number NVARCHAR(256) NULL,
  ivms101_originator NVARCHAR(max) NULL,
  ivms101_originating_vasp NVARCHAR(max) NULL,
  beneficiary_vasp_id NUMERIC(20, 0) NULL,
  beneficiary_account_number NVARCHAR(256) NULL,
  ivms101_beneficiary NVARCHAR(max) NULL,
  ivms101_beneficiary_vasp NVARCHAR(max) NULL,
  verified_at DATETIME2(3) NULL,
  ordered_at DATETIME2(3) NULL,
  created_at DATETIME2(3) NOT NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY (verification_id),
  CONSTRAINT ck_verifications_result CHECK (result IN ('WAIT', 'VERIFIED', 'UNKNOWN', 'DENIED', 'ERROR', 'PENDING', 'TRANSFER_ERROR')),
  CONSTRAINT uk_verifications_verification_uuid UNIQUE (verification_uuid)
);
CREATE INDEX idx_verifications_beneficiary_account ON verifications (beneficiary_account_number);
CREATE INDEX idx_verifications_originator_account ON verifications (originator_account_number);
execute sp_addextendedproperty 'MS_Description', N'Verification ID', 'schema', dbo, 'table', verifications, 'column', verification_id;
execute sp_addextendedproperty 'MS_Description', N'Verification UUID', 'schema', dbo, 'table', verifications, 'column', verification_uuid;
execute sp_addextendedproperty 'MS_Description', N'Verification Result', 'schema', dbo, 'table', verifications, 'column', result;
execute sp_addextendedproperty 'MS_Description', N'Reason', 'schema', dbo, 'table', verifications, 'column', reason;
execute sp_addextendedproperty 'MS_Description', N'Additional information about the reason', 'schema', dbo, 'table', verifications, 'column', message;
execute sp_addextendedproperty 'MS_Description', N'Network for token transfer', 'schema', dbo, 'table', verifications, 'column', network;
execute sp_addextendedproperty 'MS_Description', N'Symbol', 'schema', dbo, 'table', verifications, 'column', symbol;
execute sp_addextendedproperty 'MS_Description', N'Amount', 'schema', dbo, 'table', verifications, 'column', amount;
execute sp_addextendedproperty 'MS_Description', N'Trading Price', 'schema', dbo, 'table', verifications, 'column', trade_price;
execute sp_addextendedproperty 'MS_Description', N'Trading Currency', 'schema', dbo, 'table', verifications, 'column', trade_currency;
execute sp_addextendedproperty 'MS_Description', N'Trading time', 'schema', dbo, 'table', verifications, 'column', trade_iso_datetime;
execute sp_addextendedproperty 'MS_Description', N'Whether the threshold has been exceeded', 'schema', dbo, 'table', verifications, 'column', is_exceeding_threshold;
execute sp_addextendedproperty 'MS_Description', N'Tx hash', 'schema', dbo, 'table', verifications, 'column', tx_hash;
execute sp_addextendedproperty 'MS_Description', N'Vout', 'schema', dbo, 'table', verifications, 'column', vout;
execute sp_addextendedproperty 'MS_Description', N'Originating VASP ID', 'schema', dbo, 'table', verifications, 'column', originating_vasp_id;
execute sp_addextendedproperty 'MS_Description', N'Originator Account Address or ID', 'schema', dbo, 'table', verifications, 'column', originator_account_number;
execute sp_addextendedproperty 'MS_Description', N'Originator Information', 'schema', dbo, 'table', verifications, 'column', ivms101_originator;
execute sp_addextendedproperty 'MS_Description', N'Originating VASP Information', 'schema', dbo, 'table', verifications, 'column', ivms101_originating_vasp;
execute sp_addextendedproperty 'MS_Description', N'Beneficiary VASP ID', 'schema', dbo, 'table', verifications, 'column', beneficiary_vasp_id;
execute sp_addextendedproperty 'MS_Description', N'Beneficiary Account Address or ID', 'schema', dbo, 'table', verifications, 'column', beneficiary_account_number;
execute sp_addextendedproperty 'MS_Description', N'Beneficiary Information', 'schema', dbo, 'table', verifications, 'column', ivms101_beneficiary;
execute sp_addextendedproperty 'MS_Description', N'Beneficiary VASP Information', 'schema', dbo, 'table', verifications, 'column', ivms101_beneficiary_vasp;
execute sp_addextendedproperty 'MS_Description', N'Verified at.', 'schema', dbo, 'table', verifications, 'column', verified_at;
execute sp_addextendedproperty 'MS_Description', N'Ordered at.', 'schema', dbo, 'table', verifications, 'column', ordered_at;
execute sp_addextendedproperty 'MS_Description', N'Created at.', 'schema', dbo, 'table', verifications, 'column', created_at;
CREATE TABLE counter_party_keys (
  id BIGINT NOT NULL IDENTITY,
  type VARCHAR(32) NOT NULL,
  vasp_id NUMERIC(20, 0) NOT NULL,
  key_identifier NVARCHAR(256) NOT NULL,
  public_key NVARCHAR(256) NOT NULL,
  created_at DATETIME2(0) NOT NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY (id),
  CONSTRAINT ck_counter_party_keys_type CHECK (type IN ('PerVasp', 'PerAddress', 'PerVerification')),
  CONSTRAINT counter_party_keys_key_uniqueness UNIQUE (vasp_id, key_identifier, type)
);
execute sp_addextendedproperty 'MS_Description', N'Key ID', 'schema', dbo, 'table', counter_party_keys, 'column', id;
execute sp_addextendedproperty 'MS_Description', N'Key types', 'schema', dbo, 'table', counter_party_keys, 'column', type;
execute sp_addextendedproperty 'MS_Description', N'Counter party VASP ID', 'schema', dbo, 'table', counter_party_keys, 'column', vasp_id;
execute sp_addextendedproperty 'MS_Description', N'Identifier of key (address or vaspId)', 'schema', dbo, 'table', counter_party_keys, 'column', key_identifier;
execute sp_addextendedproperty 'MS_Description', N'Public Key of counter party', 'schema', dbo, 'table', counter_party_keys, 'column', public_key;
execute sp_addextendedproperty 'MS_Description', N'Created at.', 'schema', dbo, 'table', counter_party_keys, 'column', created_at;
CREATE TABLE own_keys (
  id BIGINT NOT NULL IDENTITY,
  type VARCHAR(32) NOT NULL,
  key_identifier NVARCHAR(256) NOT NULL,
  public_key NVARCHAR(256) NOT NULL,
  private_key NVARCHAR(256) NOT NULL,
  created_at DATETIME2(0) NOT NULL DEFAULT SYSUTCDATETIME(),
  PRIMARY KEY (id),
  CONSTRAINT ck_own_keys_type CHECK (type IN ('PerVasp', 'PerAddress', 'PerVerification')),
  CONSTRAINT own_keys_key_uniqueness UNIQUE (key_identifier, type)
);
CREATE INDEX own_keys_public_key ON own_keys (public_key, private_key);
execute sp_addextendedproperty 'MS_Description', N'Key ID', 'schema', dbo, 'table', own_keys, 'column', id;
execute sp_addextendedproperty 'MS_Description', N'Key types', 'schema', dbo, 'table', own_keys, 'column', type;
execute sp_addextendedproperty 'MS_Description', N'Identifier of key (address or type or public key)', 'schema', dbo, 'table', own_keys, 'column', key_identifier;
execute sp_addextendedproperty 'MS_Description', N'Public Key', 'schema', dbo, 'table', own_keys, 'column', public_key;
execute sp_addextendedproperty 'MS_Description', N'Private Key', 'schema', dbo, 'table', own_keys, 'column', private_key;
execute sp_addextendedproperty 'MS_Description', N'Created at.', 'schema', dbo, 'table', own_keys, 'column', created_at;
CREATE TABLE commands (
  command_id BIGINT NOT NULL,
  command_type NVARCHAR(32) NOT NULL,
  command_body NVARCHAR(max) NOT NULL,
  status VARCHAR(32) NOT NULL DEFAULT 'CREATED',
  created_at DATETIME2(0) NOT NULL DEFAULT SYSUTCDATETIME(),
  fetched_at DATETIME2(0) NULL,
  finished_at DATETIME2(0) NULL,
  PRIMARY KEY (command_id),
  CONSTRAINT ck_commands_status CHECK (status IN ('CREATED', 'PROCESSING', 'DONE', 'ERROR'))
);
CREATE INDEX commands_status_fetched_at_created_at ON commands (status, fetched_at, created_at);
CREATE INDEX commands_status_finished_at ON commands (status, finished_at);
CREATE INDEX commands_status_id ON commands (status, command_id);
execute sp_addextendedproperty 'MS_Description', N'Command ID', 'schema', dbo, 'table', commands, 'column', command_id;
execute sp_addextendedproperty 'MS_Description', N'Command type', 'schema', dbo, 'table', commands, 'column', command_type;
execute sp_addextendedproperty 'MS_Description', N'Command body', 'schema', dbo, 'table', commands, 'column', command_body;
execute sp_addextendedproperty 'MS_Description', N'Command status', 'schema', dbo, 'table', commands, 'column', status;
execute sp_addextendedproperty 'MS_Description', N'Created at.', 'schema', dbo, 'table', commands, 'column', created_at;
execute sp_addextendedproperty 'MS_Description', N'Fetched at.', 'schema', dbo, 'table', commands, 'column', fetched_at;
execute sp_addextendedproperty 'MS_Description', N'Finished at.', 'schema', dbo, 'table', commands, 'column', finished_at;
CREATE TABLE x_schema_versions (
  feature NVARCHAR(64) NOT NULL,
  version INTEGER NOT NULL,
  checksum NVARCHAR(64) NOT NULL,
  applied_at DATETIME2(3) NOT NULL,
  PRIMARY KEY (feature, version)
);
execute sp_addextendedproperty 'MS_Description', N'core, or an optional feature', 'schema', dbo, 'table', x_schema_versions, 'column', feature;
execute sp_addextendedproperty 'MS_Description', N'Version of the feature''s tables', 'schema', dbo, 'table', x_schema_versions, 'column', version;
execute sp_addextendedproperty 'MS_Description', N'SHA-256 of the statements, in hexadecimal', 'schema', dbo, 'table', x_schema_versions, 'column', checksum;
execute sp_addextendedproperty 'MS_Description', N'When it was applied', 'schema', dbo, 'table', x_schema_versions, 'column', applied_at;
CREATE TABLE x_keyset (
  version INTEGER NOT NULL,
  wrapped_key NVARCHAR(512) NOT NULL,
  wrapped_by NVARCHAR(64) NOT NULL,
  created_at DATETIME2(3) NOT NULL,
  PRIMARY KEY (version)
);
execute sp_addextendedproperty 'MS_Description', N'Version of the data key', 'schema', dbo, 'table', x_keyset, 'column', version;
execute sp_addextendedproperty 'MS_Description', N'The data key, wrapped by the key encryption key', 'schema', dbo, 'table', x_keyset, 'column', wrapped_key;
execute sp_addextendedproperty 'MS_Description', N'Kind of the key encryption key', 'schema', dbo, 'table', x_keyset, 'column', wrapped_by;
execute sp_addextendedproperty 'MS_Description', N'When it was made', 'schema', dbo, 'table', x_keyset, 'column', created_at;
CREATE TABLE x_row_keys (
  verification_uuid NVARCHAR(40) NOT NULL,
  key_version INTEGER NOT NULL,
  wrapped_key NVARCHAR(128) NULL,
  content_mac NVARCHAR(64) NULL,
  erased_at DATETIME2(3) NULL,
  PRIMARY KEY (verification_uuid)
);
CREATE INDEX x_row_keys_key_version ON x_row_keys (key_version);
execute sp_addextendedproperty 'MS_Description', N'Whose key it is', 'schema', dbo, 'table', x_row_keys, 'column', verification_uuid;
execute sp_addextendedproperty 'MS_Description', N'Version of the data key that wraps it', 'schema', dbo, 'table', x_row_keys, 'column', key_version;
execute sp_addextendedproperty 'MS_Description', N'The key of the verification, wrapped; gone when erased', 'schema', dbo, 'table', x_row_keys, 'column', wrapped_key;
execute sp_addextendedproperty 'MS_Description', N'Keyed digest of what was asked; gone when erased', 'schema', dbo, 'table', x_row_keys, 'column', content_mac;
execute sp_addextendedproperty 'MS_Description', N'When the verification was erased for good', 'schema', dbo, 'table', x_row_keys, 'column', erased_at;
CREATE TABLE x_messages (
  message_id NVARCHAR(40) NOT NULL,
  seen_at DATETIME2(3) NOT NULL,
  PRIMARY KEY (message_id)
);
CREATE INDEX x_messages_seen_at ON x_messages (seen_at);
execute sp_addextendedproperty 'MS_Description', N'Identifier of a sealed message', 'schema', dbo, 'table', x_messages, 'column', message_id;
execute sp_addextendedproperty 'MS_Description', N'When it came', 'schema', dbo, 'table', x_messages, 'column', seen_at;
