-- What is set once is compared here, in plain SQL: set_once() compares column by column in SQL that it puts together at each
-- call, so it is only called for a change that it is going to refuse, to name the column.

create or replace trigger close_requests_set_once
before update on close_requests
for each row when (
    old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.transaction_id is not null and old.transaction_id is distinct from new.transaction_id
    or old.request_hash is not null and old.request_hash is distinct from new.request_hash
    or old.reason is not null and old.reason is distinct from new.reason
    or old.created_at is not null and old.created_at is distinct from new.created_at
) execute function set_once('tenant_id', 'transaction_id', 'request_hash', 'reason', 'created_at');
alter table close_requests enable always trigger close_requests_set_once;

create or replace trigger key_ceremonies_set_once
before update on key_ceremonies
for each row when (
    old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.key_id is not null and old.key_id is distinct from new.key_id
    or old.key_request_hash is not null and old.key_request_hash is distinct from new.key_request_hash
    or old.key_request is not null and old.key_request is distinct from new.key_request
    or old.ceremony_id is not null and old.ceremony_id is distinct from new.ceremony_id
    or old.key_records is not null and old.key_records is distinct from new.key_records
    or old.created_at is not null and old.created_at is distinct from new.created_at
) execute function set_once(
    'tenant_id', 'key_id', 'key_request_hash', 'key_request', 'ceremony_id', 'key_records', 'created_at'
);
alter table key_ceremonies enable always trigger key_ceremonies_set_once;

create or replace trigger signing_requests_set_once
before update on signing_requests
for each row when (
    old.id is not null and old.id is distinct from new.id
    or old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.transaction_id is not null and old.transaction_id is distinct from new.transaction_id
    or old.attempt is not null and old.attempt is distinct from new.attempt
    or old.policy_rule_ref is not null and old.policy_rule_ref is distinct from new.policy_rule_ref
    or old.request_token is not null and old.request_token is distinct from new.request_token
    or old.request_uri is not null and old.request_uri is distinct from new.request_uri
    or old.request_body is not null and old.request_body is distinct from new.request_body
    or old.intent is not null and old.intent is distinct from new.intent
    or old.payload is not null and old.payload is distinct from new.payload
    or old.decision is not null and old.decision is distinct from new.decision
    or old.verdict is not null and old.verdict is distinct from new.verdict
    or old.approvals is not null and old.approvals is distinct from new.approvals
    or old.digest is not null and old.digest is distinct from new.digest
    or old.created_at is not null and old.created_at is distinct from new.created_at
) execute function set_once(
    'id', 'tenant_id', 'transaction_id', 'attempt', 'policy_rule_ref', 'request_token', 'request_uri', 'request_body',
    'intent', 'payload', 'decision', 'verdict', 'approvals', 'digest', 'created_at'
);
alter table signing_requests enable always trigger signing_requests_set_once;
