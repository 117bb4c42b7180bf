CREATE TABLE x_trp_exchanges (
  verification_uuid VARCHAR(40) NOT NULL,
  vasp_id NUMERIC(20, 0) NOT NULL,
  callback VARCHAR(2000),
  version VARCHAR(40) NOT NULL,
  created_at TIMESTAMP(3) WITHOUT TIME ZONE NOT NULL,
  PRIMARY KEY (verification_uuid)
);
COMMENT ON COLUMN x_trp_exchanges.verification_uuid IS 'Which verification it is about';
COMMENT ON COLUMN x_trp_exchanges.vasp_id IS 'Counterparty VASP ID';
COMMENT ON COLUMN x_trp_exchanges.callback IS 'Where the next message to the counterparty goes';
COMMENT ON COLUMN x_trp_exchanges.version IS 'Version of TRP that the counterparty speaks';
COMMENT ON COLUMN x_trp_exchanges.created_at IS 'When it began';
