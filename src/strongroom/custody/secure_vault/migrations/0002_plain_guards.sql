-- What is set once is compared here, in plain SQL: set_once() compares column by column in SQL that it puts together at each
-- call, so it is only called for a change that it is going to refuse, to name the column.

create or replace trigger admissions_set_once
before update on admissions
for each row when (
    old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.transaction_id is not null and old.transaction_id is distinct from new.transaction_id
    or old.attempt is not null and old.attempt is distinct from new.attempt
    or old.request_token is not null and old.request_token is distinct from new.request_token
    or old.request_uri is not null and old.request_uri is distinct from new.request_uri
    or old.request_body is not null and old.request_body is distinct from new.request_body
    or old.intent is not null and old.intent is distinct from new.intent
    or old.decision is not null and old.decision is distinct from new.decision
    or old.verdict is not null and old.verdict is distinct from new.verdict
    or old.approvals is not null and old.approvals is distinct from new.approvals
    or old.document_set_version is not null and old.document_set_version is distinct from new.document_set_version
    or old.payload is not null and old.payload is distinct from new.payload
    or old.signing_request_id is not null and old.signing_request_id is distinct from new.signing_request_id
    or old.created_at is not null and old.created_at is distinct from new.created_at
) execute function set_once(
    'tenant_id', 'transaction_id', 'attempt', 'request_token', 'request_uri', 'request_body', 'intent', 'decision',
    'verdict', 'approvals', 'document_set_version', 'payload', 'signing_request_id', 'created_at'
);
alter table admissions enable always trigger admissions_set_once;

create or replace trigger key_refreshes_set_once
before update on key_refreshes
for each row when (
    old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.key_id is not null and old.key_id is distinct from new.key_id
    or old.key_request_hash is not null and old.key_request_hash is distinct from new.key_request_hash
    or old.epoch is not null and old.epoch is distinct from new.epoch
    or old.key_request is not null and old.key_request is distinct from new.key_request
    or old.document_set_version is not null and old.document_set_version is distinct from new.document_set_version
    or old.key_records is not null and old.key_records is distinct from new.key_records
    or old.created_at is not null and old.created_at is distinct from new.created_at
) execute function set_once(
    'tenant_id', 'key_id', 'key_request_hash', 'epoch', 'key_request', 'document_set_version', 'key_records',
    'created_at'
);
alter table key_refreshes enable always trigger key_refreshes_set_once;

create or replace trigger keys_set_once
before update on keys
for each row when (
    old.key_records is not null and old.key_records is distinct from new.key_records
    or old.public_key is not null and old.public_key is distinct from new.public_key
    or old.chain_code is not null and old.chain_code is distinct from new.chain_code
) execute function set_once('key_records', 'public_key', 'chain_code');
alter table keys enable always trigger keys_set_once;
