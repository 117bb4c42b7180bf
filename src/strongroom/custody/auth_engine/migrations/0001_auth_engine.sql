create table if not exists document_sets (
    tenant_id text not null,
    version bigint not null check (version > 0),
    hash bytea not null check (length(hash) = 32),
    signed bytea not null,
    applied_at timestamptz not null,
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

-- An API key is known by its id alone, so it belongs to one tenant for ever.
create table if not exists api_users (
    id text constraint api_users_id primary key check (id <> ''),
    tenant_id text not null,
    environment text not null,
    registered_at timestamptz not null
);
create or replace trigger api_users_append_only
before update or delete on api_users
for each row execute function refuse_change();
create or replace trigger api_users_no_truncate
before truncate on api_users
for each statement execute function refuse_change();
alter table api_users enable always trigger api_users_append_only;
alter table api_users enable always trigger api_users_no_truncate;

-- A public key belongs to one tenant for ever: registered by another it could make one request count for both.
create table if not exists registered_keys (
    public_key_hash bytea constraint registered_keys_hash primary key check (length(public_key_hash) = 32),
    tenant_id text not null,
    registered_at timestamptz not null
);
create or replace trigger registered_keys_append_only
before update or delete on registered_keys
for each row execute function refuse_change();
create or replace trigger registered_keys_no_truncate
before truncate on registered_keys
for each statement execute function refuse_change();
alter table registered_keys enable always trigger registered_keys_append_only;
alter table registered_keys enable always trigger registered_keys_no_truncate;

-- The certificate store: which key speaks for an API user, from which document-set version on, and until when.
create table if not exists certificates (
    api_user_id text not null references api_users (id),
    tenant_id text not null,
    public_key_der bytea not null,
    public_key_hash bytea not null references registered_keys (public_key_hash),
    valid_from_version bigint not null check (valid_from_version > 0),
    valid_from timestamptz not null,
    revoked_by_version bigint,
    revoked_at timestamptz,
    constraint certificates_version primary key (api_user_id, valid_from_version),
    check ((revoked_at is null) = (revoked_by_version is null))
);
create unique index if not exists certificates_live_user on certificates (api_user_id) where revoked_at is null;
create unique index if not exists certificates_live_key on certificates (public_key_hash) where revoked_at is null;
create or replace trigger certificates_set_once
before update on certificates
for each row execute function set_once(
    'api_user_id', 'tenant_id', 'public_key_der', 'public_key_hash', 'valid_from_version', 'valid_from',
    'revoked_by_version', 'revoked_at'
);
create or replace trigger certificates_no_delete
before delete on certificates
for each row execute function refuse_change();
create or replace trigger certificates_no_truncate
before truncate on certificates
for each statement execute function refuse_change();
alter table certificates enable always trigger certificates_set_once;
alter table certificates enable always trigger certificates_no_delete;
alter table certificates enable always trigger certificates_no_truncate;

-- Access tokens: one for each request that may change something, only for a request that passed every check.
create table if not exists auth_tokens (
    id uuid primary key,
    tenant_id text not null,
    api_user_id text not null references api_users (id),
    certificate_version bigint not null,
    request_hash bytea not null check (length(request_hash) = 32),
    nonce text not null,
    handoff_id text not null,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    constraint auth_tokens_nonce unique (api_user_id, nonce),
    check (expires_at > issued_at)
);
create or replace trigger auth_tokens_append_only
before update or delete on auth_tokens
for each row execute function refuse_change();
create or replace trigger auth_tokens_no_truncate
before truncate on auth_tokens
for each statement execute function refuse_change();
alter table auth_tokens enable always trigger auth_tokens_append_only;
alter table auth_tokens enable always trigger auth_tokens_no_truncate;

-- Nonces of every request, until their tokens have expired. Unlogged: it spares each read a write to the log, and is
-- empty after a crash of the server. What could then be accepted twice is a read, within its token's last minute:
-- a request that changes something also has its nonce in auth_tokens, which is logged.
create unlogged table if not exists request_nonces (
    api_user_id text not null,
    nonce text not null,
    expires_at timestamptz not null,
    constraint request_nonces_once primary key (api_user_id, nonce)
);
create index if not exists request_nonces_expiry on request_nonces (expires_at);
