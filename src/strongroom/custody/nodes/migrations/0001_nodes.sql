create table if not exists broadcast_attempts (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null check (attempt >= 0),
    chain_id bigint not null check (chain_id > 0),
    sender text not null,
    nonce bigint not null check (nonce >= 0),
    digest bytea not null check (length(digest) = 32),
    raw_transaction bytea not null,
    tx_hash text not null,
    attempted_at timestamptz not null,
    constraint broadcast_attempts_once unique (transaction_id, attempt),
    constraint broadcast_attempts_slot unique (chain_id, sender, nonce)
);
create or replace trigger broadcast_attempts_append_only
before update or delete on broadcast_attempts
for each row execute function refuse_change();
create or replace trigger broadcast_attempts_no_truncate
before truncate on broadcast_attempts
for each statement execute function refuse_change();
alter table broadcast_attempts enable always trigger broadcast_attempts_append_only;
alter table broadcast_attempts enable always trigger broadcast_attempts_no_truncate;

create table if not exists broadcast_outcomes (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null,
    outcome text not null,
    message text not null,
    answered_at timestamptz not null
);
create index if not exists broadcast_outcomes_transaction on broadcast_outcomes (transaction_id, id);
create or replace trigger broadcast_outcomes_append_only
before update or delete on broadcast_outcomes
for each row execute function refuse_change();
create or replace trigger broadcast_outcomes_no_truncate
before truncate on broadcast_outcomes
for each statement execute function refuse_change();
alter table broadcast_outcomes enable always trigger broadcast_outcomes_append_only;
alter table broadcast_outcomes enable always trigger broadcast_outcomes_no_truncate;

-- What is still to be seen on chain; a closed watch is never opened again.
create table if not exists watches (
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null,
    chain_id bigint not null,
    since_block bigint not null check (since_block >= 0),
    parents text[] not null,
    alerted_at timestamptz,
    closed_at timestamptz,
    primary key (transaction_id, attempt)
);
create index if not exists watches_open on watches (chain_id) where closed_at is null;
create or replace trigger watches_closed_once
before update on watches
for each row execute function set_once('closed_at', 'alerted_at');

-- Digests that were released and shall not land: their slot is the next transaction's, and the chain decides.
create table if not exists slot_watches (
    tenant_id text not null,
    transaction_id uuid not null,
    chain_id bigint not null check (chain_id > 0),
    sender text not null,
    nonce bigint not null check (nonce >= 0),
    digest bytea not null check (length(digest) = 32),
    since_block bigint not null check (since_block >= 0),
    parents text[] not null,
    closed_at timestamptz,
    constraint slot_watches_once primary key (transaction_id)
);
create index if not exists slot_watches_open on slot_watches (chain_id) where closed_at is null;
create index if not exists slot_watches_slot on slot_watches (chain_id, sender, nonce);
create or replace trigger slot_watches_closed_once
before update on slot_watches
for each row execute function set_once('closed_at');

-- Blocks that hold a transaction of ours, as observed; after a reorganisation the same height is observed again.
create table if not exists observed_blocks (
    chain_id bigint not null,
    block_hash text not null,
    number bigint not null,
    parent_hash text not null,
    observed_at timestamptz not null,
    primary key (chain_id, block_hash)
);
create or replace trigger observed_blocks_append_only
before update or delete on observed_blocks
for each row execute function refuse_change();
create or replace trigger observed_blocks_no_truncate
before truncate on observed_blocks
for each statement execute function refuse_change();
alter table observed_blocks enable always trigger observed_blocks_append_only;
alter table observed_blocks enable always trigger observed_blocks_no_truncate;
