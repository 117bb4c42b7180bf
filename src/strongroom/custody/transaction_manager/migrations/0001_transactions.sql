-- The record of a transaction, its history, its place in the lane of its sender, and what makes a request repeatable.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table if not exists document_sets (
    tenant_id text not null,
    version bigint not null check (version > 0),
    hash bytea not null check (length(hash) = 32),
    document bytea not null,
    applied_at timestamptz not null,
    primary key (tenant_id, version)
);

create table if not exists transactions (
    id uuid primary key,
    tenant_id text not null,
    environment text not null,
    status text not null,
    sub_status text not null default '',
    reason text not null default '',
    attempt bigint not null default 0 check (attempt >= 0),
    step text not null,
    ending text check (ending in ('CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED')),
    tombstone bytea,
    freed boolean not null default false,
    held_by_fee boolean not null default false,
    report_due boolean not null default false,
    signed_attempt bigint,
    asset_id text not null,
    chain_id bigint not null check (chain_id > 0),
    decimals bigint not null check (decimals between 0 and 77),
    source_account text not null,
    sender text not null,
    destination_type text not null,
    destination_id text not null,
    destination_address text not null,
    amount_units numeric(78, 0) not null check (amount_units > 0),
    max_fee_units numeric(78, 0) not null check (max_fee_units > 0),
    needed_confirmations bigint not null check (needed_confirmations > 0),
    external_id text,
    note text not null,
    created_by text not null,
    access_token_id text not null,
    request_token text not null,
    request_uri text not null,
    request_body bytea not null,
    request_hash bytea not null constraint transactions_request_hash_key unique check (length(request_hash) = 32),
    body_hash bytea not null check (length(body_hash) = 32),
    document_set_version bigint not null,
    intent bytea not null,
    not_after timestamptz not null,
    verdict bytea,
    decision bytea,
    payload bytea,
    nonce bigint check (nonce >= 0),
    raw_payload_cbor bytea,
    tx_hash text,
    block_number bigint,
    block_hash text,
    confirmations bigint not null default 0 check (confirmations >= 0),
    fee_units numeric(78, 0),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null default 0,
    check (status <> 'CANCELLING' or ending is not null),
    foreign key (tenant_id, document_set_version) references document_sets (tenant_id, version)
);
-- A closed request gives its external id back: with co-signer 3's tombstone it is safe to pay again.
create unique index if not exists transactions_external_id_key on transactions (tenant_id, external_id)
where tombstone is null;
create index if not exists transactions_external_id on transactions (tenant_id, external_id, created_at desc);
create index if not exists transactions_queue on transactions (chain_id, sender, created_at, id)
where status = 'QUEUED' and not held_by_fee;
create index if not exists transactions_newest on transactions (tenant_id, created_at desc, id desc);
create index if not exists transactions_spending on transactions (chain_id, sender)
where status not in ('CONFIRMING', 'COMPLETED', 'CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED');

-- One function for all that a transaction may never do; static comparisons, because it runs in every step.
create or replace function guard_transaction() returns trigger
language plpgsql as $$
begin
    if old.status in ('COMPLETED', 'CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED') and new.status <> old.status then
        raise exception 'transactions.status % is final', old.status using errcode = 'SR004';
    end if;
    if new.status <> old.status and new.status in ('CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED')
        and old.status not in ('BROADCASTING', 'CONFIRMING')
        and (old.status <> 'CANCELLING' or new.status not in (old.ending, 'FAILED')
            or (new.tombstone is null and not old.freed))
    then
        raise exception 'a transaction ends by way of CANCELLING, and with proof' using errcode = 'SR004';
    end if;
    if new.intent <> old.intent or new.request_hash <> old.request_hash or new.request_body <> old.request_body
        or new.request_token <> old.request_token or new.request_uri <> old.request_uri or new.id <> old.id
        or new.tenant_id <> old.tenant_id
    then
        raise exception 'the request and the intent of a transaction are set once' using errcode = 'SR003';
    end if;
    if (old.nonce is not null and new.nonce is distinct from old.nonce)
        or (old.payload is not null and new.payload is distinct from old.payload)
        or (old.ending is not null and new.ending is distinct from old.ending)
        or (old.tombstone is not null and new.tombstone is distinct from old.tombstone)
        or (old.signed_attempt is not null and new.signed_attempt is distinct from old.signed_attempt)
        or (old.freed and not new.freed)
        or (old.report_due and not new.report_due)
        or (old.raw_payload_cbor is not null and new.raw_payload_cbor is distinct from old.raw_payload_cbor)
        or (old.tx_hash is not null and new.tx_hash is distinct from old.tx_hash)
    then
        raise exception 'nonce, payload, ending, tombstone, raw_payload_cbor and tx_hash are set once' using errcode = 'SR003';
    end if;
    if new.attempt < old.attempt or (new.attempt = old.attempt and (
        (old.verdict is not null and new.verdict is distinct from old.verdict)
        or (old.decision is not null and new.decision is distinct from old.decision)))
    then
        raise exception 'verdict and decision are set once in an attempt' using errcode = 'SR003';
    end if;
    return new;
end
$$;
create or replace trigger transactions_guard
before update on transactions for each row execute function guard_transaction();
create or replace trigger transactions_no_delete
before delete on transactions for each row execute function refuse_change();
create or replace trigger transactions_no_truncate
before truncate on transactions for each statement execute function refuse_change();
alter table transactions enable always trigger transactions_guard;
alter table transactions enable always trigger transactions_no_delete;
alter table transactions enable always trigger transactions_no_truncate;

create table if not exists transaction_steps (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null references transactions (id),
    attempt bigint not null check (attempt >= 0),
    step text not null,
    from_service text not null,
    to_service text not null,
    operation text not null,
    outcome text not null,
    detail text not null,
    started_at timestamptz not null,
    duration_us bigint not null check (duration_us >= 0),
    recorded_at timestamptz not null,
    constraint transaction_steps_once unique (transaction_id, attempt, step, to_service)
);

create table if not exists transaction_status_events (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null references transactions (id),
    status text not null,
    sub_status text not null,
    reason text not null,
    occurred_at timestamptz not null
);
create index if not exists transaction_status_events_transaction on transaction_status_events (transaction_id, id);

create table if not exists idempotency_keys (
    tenant_id text not null,
    operation text not null,
    key text not null,
    body_hash bytea not null check (length(body_hash) = 32),
    transaction_id uuid not null references transactions (id),
    created_at timestamptz not null,
    primary key (tenant_id, operation, key)
);

-- One lane for each address: the next nonce, who holds it, and since when it is held or free.
create table if not exists nonce_lanes (
    chain_id bigint not null,
    sender text not null,
    tenant_id text not null,
    next_nonce bigint not null check (next_nonce >= 0),
    live_transaction uuid references transactions (id),
    changed_at timestamptz not null,
    version bigint not null default 0,
    primary key (chain_id, sender)
);

create table if not exists spend_slots (
    chain_id bigint not null,
    sender text not null,
    nonce bigint not null check (nonce >= 0),
    tenant_id text not null,
    transaction_id uuid not null references transactions (id),
    state text not null check (state in ('LIVE', 'SIGNED', 'CONSUMED', 'FREED')),
    reserved_at timestamptz not null,
    since_block bigint not null check (since_block >= 0),
    primary key (transaction_id),
    foreign key (chain_id, sender) references nonce_lanes (chain_id, sender)
);
-- A freed slot goes to the next transaction of the lane; every other slot belongs to one for ever.
create unique index if not exists spend_slots_taken on spend_slots (chain_id, sender, nonce) where state <> 'FREED';

create or replace trigger document_sets_append_only
before update or delete on document_sets for each row execute function refuse_change();
create or replace trigger document_sets_no_truncate
before truncate on document_sets for each statement execute function refuse_change();
create or replace trigger transaction_steps_append_only
before update or delete on transaction_steps for each row execute function refuse_change();
create or replace trigger transaction_steps_no_truncate
before truncate on transaction_steps for each statement execute function refuse_change();
create or replace trigger transaction_status_events_append_only
before update or delete on transaction_status_events for each row execute function refuse_change();
create or replace trigger transaction_status_events_no_truncate
before truncate on transaction_status_events for each statement execute function refuse_change();
create or replace trigger idempotency_keys_append_only
before update or delete on idempotency_keys for each row execute function refuse_change();
create or replace trigger idempotency_keys_no_truncate
before truncate on idempotency_keys for each statement execute function refuse_change();
alter table document_sets enable always trigger document_sets_append_only;
alter table document_sets enable always trigger document_sets_no_truncate;
alter table transaction_steps enable always trigger transaction_steps_append_only;
alter table transaction_steps enable always trigger transaction_steps_no_truncate;
alter table transaction_status_events enable always trigger transaction_status_events_append_only;
alter table transaction_status_events enable always trigger transaction_status_events_no_truncate;
alter table idempotency_keys enable always trigger idempotency_keys_append_only;
alter table idempotency_keys enable always trigger idempotency_keys_no_truncate;
