CREATE TABLE x_trp_exchanges (
  verification_uuid VARCHAR2(40 CHAR) NOT NULL,
  vasp_id NUMERIC(20, 0) NOT NULL,
  callback VARCHAR2(2000 CHAR),
  version VARCHAR2(40 CHAR) NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (verification_uuid)
);
COMMENT ON COLUMN x_trp_exchanges.verification_uuid IS 'Which verification it is about';
COMMENT ON COLUMN x_trp_exchanges.vasp_id IS 'Counterparty VASP ID';
COMMENT ON COLUMN x_trp_exchanges.callback IS 'Where the next message to the counterparty goes';
COMMENT ON COLUMN x_trp_exchanges.version IS 'Version of TRP that the counterparty speaks';
COMMENT ON COLUMN x_trp_exchanges.created_at IS 'When it began';
