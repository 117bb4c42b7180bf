CREATE TABLE x_trp_exchanges (
  verification_uuid NVARCHAR(40) NOT NULL,
  vasp_id NUMERIC(20, 0) NOT NULL,
  callback NVARCHAR(2000) NULL,
  version NVARCHAR(40) NOT NULL,
  created_at DATETIME2(3) NOT NULL,
  PRIMARY KEY (verification_uuid)
);
execute sp_addextendedproperty 'MS_Description', N'Which verification it is about', 'schema', dbo, 'table', x_trp_exchanges, 'column', verification_uuid;
execute sp_addextendedproperty 'MS_Description', N'Counterparty VASP ID', 'schema', dbo, 'table', x_trp_exchanges, 'column', vasp_id;
execute sp_addextendedproperty 'MS_Description', N'Where the next message to the counterparty goes', 'schema', dbo, 'table', x_trp_exchanges, 'column', callback;
execute sp_addextendedproperty 'MS_Description', N'Version of TRP that the counterparty speaks', 'schema', dbo, 'table', x_trp_exchanges, 'column', version;
execute sp_addextendedproperty 'MS_Description', N'When it began', 'schema', dbo, 'table', x_trp_exchanges, 'column', created_at;
