create table if not exists document_sets (
    tenant_id text not null,
    version bigint not null check (version > 0),
    hash bytea not null check (length(hash) = 32),
    signed bytea not null,
    published_at timestamptz not null,
    constraint document_sets_version primary key (tenant_id, version)
);
create or replace trigger document_sets_append_only
before update or delete on document_sets
for each row execute function refuse_change();
create or replace trigger document_sets_no_truncate
before truncate on document_sets
for each statement execute function refuse_change();
alter table document_sets enable always trigger document_sets_append_only;
alter table document_sets enable always trigger document_sets_no_truncate;

-- Every service has the version.
create table if not exists document_set_deliveries (
    tenant_id text not null,
    version bigint not null,
    delivered_at timestamptz not null,
    primary key (tenant_id, version),
    foreign key (tenant_id, version) references document_sets (tenant_id, version)
);
create or replace trigger document_set_deliveries_append_only
before update or delete on document_set_deliveries
for each row execute function refuse_change();
create or replace trigger document_set_deliveries_no_truncate
before truncate on document_set_deliveries
for each statement execute function refuse_change();
alter table document_set_deliveries enable always trigger document_set_deliveries_append_only;
alter table document_set_deliveries enable always trigger document_set_deliveries_no_truncate;

-- Whose API user it is, by id and by key: a request names its tenant by nothing else.
create table if not exists api_registrations (
    name text not null,
    tenant_id text not null,
    constraint api_registrations_once primary key (name)
);
create or replace trigger api_registrations_append_only
before update or delete on api_registrations
for each row execute function refuse_change();
create or replace trigger api_registrations_no_truncate
before truncate on api_registrations
for each statement execute function refuse_change();
alter table api_registrations enable always trigger api_registrations_append_only;
alter table api_registrations enable always trigger api_registrations_no_truncate;

create table if not exists approval_requests (
    id bigint generated always as identity primary key,
    tenant_id text not null,
    transaction_id uuid not null,
    attempt bigint not null check (attempt >= 0),
    request_token text not null,
    request_uri text not null,
    request_body bytea not null,
    intent bytea not null,
    intent_hash bytea not null check (length(intent_hash) = 32),
    verdict bytea not null,
    action text not null check (action in ('ALLOW', 'APPROVE', 'BLOCK')),
    rule_id text not null,
    rule_number bigint not null check (rule_number >= 0),
    decision bytea not null,
    document_set_version bigint not null,
    evaluate_us bigint not null check (evaluate_us >= 0),
    parents text[] not null,
    requested_at timestamptz not null,
    expires_at timestamptz,
    constraint approval_requests_once unique (transaction_id, attempt),
    check ((action = 'APPROVE') = (expires_at is not null))
);
create index if not exists approval_requests_asked
on approval_requests (tenant_id, id) where action = 'APPROVE';
create or replace trigger approval_requests_append_only
before update or delete on approval_requests
for each row execute function refuse_change();
create or replace trigger approval_requests_no_truncate
before truncate on approval_requests
for each statement execute function refuse_change();
alter table approval_requests enable always trigger approval_requests_append_only;
alter table approval_requests enable always trigger approval_requests_no_truncate;

-- What happened to the approvals of a transaction, one row after the other over all its attempts. Whoever writes has
-- seen every row before: of two at once one finds its number taken, looks again, and decides again.
create table if not exists approval_decisions (
    tenant_id text not null,
    transaction_id uuid not null,
    number bigint not null check (number >= 0),
    attempt bigint not null,
    approver text not null,
    answer text not null check (answer in ('AUTO_APPROVED', 'ASKED', 'APPROVE', 'REJECT', 'TIMED_OUT', 'OUTDATED',
        'CLOSED')),
    document bytea,
    -- why it is CLOSED
    reason text,
    -- of the attempt, after this row
    state text not null check (state in ('WAITING', 'APPROVED', 'REJECTED', 'EXPIRED', 'OUTDATED', 'CLOSED')),
    decided_at timestamptz not null,
    constraint approval_decisions_in_turn primary key (transaction_id, number),
    check ((answer in ('APPROVE', 'REJECT')) = (document is not null)),
    check ((answer = 'AUTO_APPROVED') <= (state = 'APPROVED')),
    check ((answer = 'REJECT') <= (state = 'REJECTED')),
    check ((answer = 'TIMED_OUT') = (state = 'EXPIRED')),
    check ((answer = 'OUTDATED') = (state = 'OUTDATED')),
    check ((answer = 'CLOSED') = (state = 'CLOSED')),
    check ((answer = 'CLOSED') = (reason is not null))
);
-- An attempt ends once.
create unique index if not exists approval_decisions_one_end
on approval_decisions (transaction_id, attempt) where state <> 'WAITING';
create or replace trigger approval_decisions_append_only
before update or delete on approval_decisions
for each row execute function refuse_change();
create or replace trigger approval_decisions_no_truncate
before truncate on approval_decisions
for each statement execute function refuse_change();
alter table approval_decisions enable always trigger approval_decisions_append_only;
alter table approval_decisions enable always trigger approval_decisions_no_truncate;
