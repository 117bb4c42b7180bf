-- What is set once is compared here, in plain SQL: set_once() compares column by column in SQL that it puts together at each
-- call, so it is only called for a change that it is going to refuse, to name the column.

create or replace trigger travel_rule_exchanges_set_once
before update on travel_rule_exchanges
for each row when (
    old.transaction_id is not null and old.transaction_id is distinct from new.transaction_id
    or old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.verification_uuid is not null and old.verification_uuid is distinct from new.verification_uuid
    or old.vasp_id is not null and old.vasp_id is distinct from new.vasp_id
    or old.asked_at is not null and old.asked_at is distinct from new.asked_at
    or old.tx_hash is not null and old.tx_hash is distinct from new.tx_hash
    or old.sent_reported_at is not null and old.sent_reported_at is distinct from new.sent_reported_at
    or old.failure is not null and old.failure is distinct from new.failure
    or old.failed_reported_at is not null and old.failed_reported_at is distinct from new.failed_reported_at
) execute function set_once(
    'transaction_id', 'tenant_id', 'verification_uuid', 'vasp_id', 'asked_at', 'tx_hash', 'sent_reported_at',
    'failure', 'failed_reported_at'
);
alter table travel_rule_exchanges enable always trigger travel_rule_exchanges_set_once;

create or replace trigger travel_rule_inbound_set_once
before update on travel_rule_inbound
for each row when (
    old.verification_uuid is not null and old.verification_uuid is distinct from new.verification_uuid
    or old.tenant_id is not null and old.tenant_id is distinct from new.tenant_id
    or old.vault_account is not null and old.vault_account is distinct from new.vault_account
    or old.originating_vasp_id is not null and old.originating_vasp_id is distinct from new.originating_vasp_id
    or old.asset_id is not null and old.asset_id is distinct from new.asset_id
    or old.address is not null and old.address is distinct from new.address
    or old.amount is not null and old.amount is distinct from new.amount
    or old.result is not null and old.result is distinct from new.result
    or old.reason is not null and old.reason is distinct from new.reason
    or old.answered_at is not null and old.answered_at is distinct from new.answered_at
    or old.tx_hash is not null and old.tx_hash is distinct from new.tx_hash
    or old.sent_at is not null and old.sent_at is distinct from new.sent_at
    or old.failure is not null and old.failure is distinct from new.failure
    or old.failed_at is not null and old.failed_at is distinct from new.failed_at
) execute function set_once(
    'verification_uuid', 'tenant_id', 'vault_account', 'originating_vasp_id', 'asset_id', 'address', 'amount',
    'result', 'reason', 'answered_at', 'tx_hash', 'sent_at', 'failure', 'failed_at'
);
alter table travel_rule_inbound enable always trigger travel_rule_inbound_set_once;
