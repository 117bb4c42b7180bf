-- Generated from the migrations and grants beside it by `make generate`; do not edit, and never run.

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% on % is refused: its rows are append-only', tg_op, tg_table_name using errcode = 'SR002';
end
$$;
ALTER FUNCTION public.refuse_change() OWNER TO owner_role;
CREATE FUNCTION public.require_row(touched bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
begin
    if touched = 0 then
        raise exception 'a guarded statement touched no row' using errcode = 'SR001';
    end if;
    return touched;
end
$$;
ALTER FUNCTION public.require_row(touched bigint) OWNER TO owner_role;
CREATE FUNCTION public.set_once() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
declare
    changed boolean;
    position integer;
begin
    for position in 0 .. tg_nargs - 1 loop
        execute format('select ($1).%1$I is not null and ($1).%1$I is distinct from ($2).%1$I', tg_argv[position])
            into changed using old, new;
        if changed then
            raise exception '%.% is set once and cannot change', tg_table_name, tg_argv[position] using errcode = 'SR003';
        end if;
    end loop;
    return new;
end
$_$;
ALTER FUNCTION public.set_once() OWNER TO owner_role;
CREATE TABLE public.addresses (
    tenant_id text NOT NULL,
    number bigint NOT NULL,
    asset_id text NOT NULL,
    address_index bigint NOT NULL,
    address text NOT NULL,
    path text NOT NULL,
    key_id text NOT NULL,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE public.addresses OWNER TO owner_role;
CREATE TABLE public.admissions (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    request_token text NOT NULL,
    request_uri text NOT NULL,
    request_body bytea NOT NULL,
    intent bytea NOT NULL,
    decision bytea NOT NULL,
    verdict bytea NOT NULL,
    approvals bytea[] NOT NULL,
    document_set_version bigint NOT NULL,
    payload bytea,
    signing_request_id uuid,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE public.admissions OWNER TO owner_role;
CREATE TABLE public.assemblies (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    signature bytea NOT NULL,
    digest bytea NOT NULL,
    raw_transaction bytea NOT NULL,
    raw_payload_cbor bytea NOT NULL,
    tx_hash text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT assemblies_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT assemblies_signature_check CHECK ((length(signature) = 65))
);
ALTER TABLE public.assemblies OWNER TO owner_role;
CREATE TABLE public.document_sets (
    tenant_id text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    document bytea NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT document_sets_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT document_sets_version_check CHECK ((version > 0))
);
ALTER TABLE public.document_sets OWNER TO owner_role;
CREATE TABLE public.idempotency_keys (
    tenant_id text NOT NULL,
    operation text NOT NULL,
    idempotency_key text NOT NULL,
    body_hash bytea NOT NULL,
    number bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE public.idempotency_keys OWNER TO owner_role;
CREATE TABLE public.key_refreshes (
    tenant_id text NOT NULL,
    key_id text NOT NULL,
    key_request_hash bytea NOT NULL,
    epoch bigint NOT NULL,
    status text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    key_request bytea NOT NULL,
    document_set_version bigint NOT NULL,
    key_records bytea[],
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT key_refreshes_check CHECK (((status = 'READY'::text) = (key_records IS NOT NULL))),
    CONSTRAINT key_refreshes_epoch_check CHECK ((epoch > 1)),
    CONSTRAINT key_refreshes_key_request_hash_check CHECK ((length(key_request_hash) = 32)),
    CONSTRAINT key_refreshes_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'READY'::text, 'FAILED'::text])))
);
ALTER TABLE public.key_refreshes OWNER TO owner_role;
CREATE TABLE public.keys (
    tenant_id text NOT NULL,
    key_id text NOT NULL,
    status text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    key_request bytea NOT NULL,
    key_request_hash bytea NOT NULL,
    document_set_version bigint NOT NULL,
    rounds bigint DEFAULT 0 NOT NULL,
    key_records bytea[],
    public_key bytea,
    chain_code bytea,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT keys_chain_code_check CHECK ((length(chain_code) = 32)),
    CONSTRAINT keys_check CHECK (((status = 'READY'::text) = (key_records IS NOT NULL))),
    CONSTRAINT keys_check1 CHECK (((status = 'READY'::text) = (public_key IS NOT NULL))),
    CONSTRAINT keys_check2 CHECK (((status = 'READY'::text) = (chain_code IS NOT NULL))),
    CONSTRAINT keys_key_request_hash_check CHECK ((length(key_request_hash) = 32)),
    CONSTRAINT keys_public_key_check CHECK ((length(public_key) = 33)),
    CONSTRAINT keys_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'READY'::text, 'FAILED'::text])))
);
ALTER TABLE public.keys OWNER TO owner_role;
CREATE TABLE public.schema_migrations (
    origin text NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT schema_migrations_checksum_check CHECK ((length(checksum) = 32)),
    CONSTRAINT schema_migrations_origin_check CHECK ((origin = ANY (ARRAY['runtime'::text, 'service'::text]))),
    CONSTRAINT schema_migrations_version_check CHECK ((version > 0))
);
ALTER TABLE public.schema_migrations OWNER TO owner_role;
CREATE TABLE public.service_handoff_events (
    id bigint NOT NULL,
    handoff_id text NOT NULL,
    transaction_id uuid,
    from_service text NOT NULL,
    to_service text NOT NULL,
    method text NOT NULL,
    cert_chain_hash bytea NOT NULL,
    cert_chain text,
    payload_hash bytea NOT NULL,
    parents text[] NOT NULL,
    token text NOT NULL,
    direction text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT service_handoff_events_cert_chain_hash_check CHECK ((length(cert_chain_hash) = 32)),
    CONSTRAINT service_handoff_events_direction_check CHECK ((direction = ANY (ARRAY['received'::text, 'receipt'::text]))),
    CONSTRAINT service_handoff_events_payload_hash_check CHECK ((length(payload_hash) = 32))
);
ALTER TABLE public.service_handoff_events OWNER TO owner_role;
ALTER TABLE public.service_handoff_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.service_handoff_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.vault_accounts (
    tenant_id text NOT NULL,
    number bigint NOT NULL,
    name text NOT NULL,
    customer_ref_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT vault_accounts_number_check CHECK ((number >= 0))
);
ALTER TABLE public.vault_accounts OWNER TO owner_role;
CREATE TABLE public.wallets (
    tenant_id text NOT NULL,
    number bigint NOT NULL,
    asset_id text NOT NULL,
    chain_id bigint NOT NULL,
    decimals bigint NOT NULL,
    created_at timestamp with time zone NOT NULL
);
ALTER TABLE public.wallets OWNER TO owner_role;
CREATE TABLE public.work (
    key text NOT NULL,
    operation text NOT NULL,
    attempt bigint NOT NULL,
    payload bytea NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    lease_owner text,
    lease_until timestamp with time zone,
    due_at timestamp with time zone NOT NULL,
    tries bigint DEFAULT 0 NOT NULL,
    last_error text,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT work_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT work_check CHECK (((lease_owner IS NULL) = (lease_until IS NULL)))
);
ALTER TABLE public.work OWNER TO owner_role;
ALTER TABLE ONLY public.addresses
    ADD CONSTRAINT addresses_pkey PRIMARY KEY (tenant_id, number, asset_id, address_index);
ALTER TABLE ONLY public.admissions
    ADD CONSTRAINT admissions_pkey PRIMARY KEY (transaction_id, attempt);
ALTER TABLE ONLY public.assemblies
    ADD CONSTRAINT assemblies_pkey PRIMARY KEY (transaction_id, attempt);
ALTER TABLE ONLY public.document_sets
    ADD CONSTRAINT document_sets_pkey PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, operation, idempotency_key);
ALTER TABLE ONLY public.key_refreshes
    ADD CONSTRAINT key_refreshes_pkey PRIMARY KEY (tenant_id, key_id, key_request_hash);
ALTER TABLE ONLY public.keys
    ADD CONSTRAINT keys_pkey PRIMARY KEY (tenant_id, key_id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.vault_accounts
    ADD CONSTRAINT vault_accounts_pkey PRIMARY KEY (tenant_id, number);
ALTER TABLE ONLY public.wallets
    ADD CONSTRAINT wallets_pkey PRIMARY KEY (tenant_id, number, asset_id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE INDEX addresses_address ON public.addresses USING btree (address, asset_id);
CREATE UNIQUE INDEX key_refreshes_one_pending ON public.key_refreshes USING btree (tenant_id, key_id) WHERE (status = 'PENDING'::text);
CREATE UNIQUE INDEX key_refreshes_one_ready ON public.key_refreshes USING btree (tenant_id, key_id, epoch) WHERE (status = 'READY'::text);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER admissions_set_once BEFORE UPDATE ON public.admissions FOR EACH ROW WHEN ((((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.transaction_id IS NOT NULL) AND (old.transaction_id IS DISTINCT FROM new.transaction_id)) OR ((old.attempt IS NOT NULL) AND (old.attempt IS DISTINCT FROM new.attempt)) OR ((old.request_token IS NOT NULL) AND (old.request_token IS DISTINCT FROM new.request_token)) OR ((old.request_uri IS NOT NULL) AND (old.request_uri IS DISTINCT FROM new.request_uri)) OR ((old.request_body IS NOT NULL) AND (old.request_body IS DISTINCT FROM new.request_body)) OR ((old.intent IS NOT NULL) AND (old.intent IS DISTINCT FROM new.intent)) OR ((old.decision IS NOT NULL) AND (old.decision IS DISTINCT FROM new.decision)) OR ((old.verdict IS NOT NULL) AND (old.verdict IS DISTINCT FROM new.verdict)) OR ((old.approvals IS NOT NULL) AND (old.approvals IS DISTINCT FROM new.approvals)) OR ((old.document_set_version IS NOT NULL) AND (old.document_set_version IS DISTINCT FROM new.document_set_version)) OR ((old.payload IS NOT NULL) AND (old.payload IS DISTINCT FROM new.payload)) OR ((old.signing_request_id IS NOT NULL) AND (old.signing_request_id IS DISTINCT FROM new.signing_request_id)) OR ((old.created_at IS NOT NULL) AND (old.created_at IS DISTINCT FROM new.created_at)))) EXECUTE FUNCTION public.set_once('tenant_id', 'transaction_id', 'attempt', 'request_token', 'request_uri', 'request_body', 'intent', 'decision', 'verdict', 'approvals', 'document_set_version', 'payload', 'signing_request_id', 'created_at');
ALTER TABLE public.admissions ENABLE ALWAYS TRIGGER admissions_set_once;
CREATE TRIGGER assemblies_append_only BEFORE DELETE OR UPDATE ON public.assemblies FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.assemblies ENABLE ALWAYS TRIGGER assemblies_append_only;
CREATE TRIGGER document_sets_append_only BEFORE DELETE OR UPDATE ON public.document_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_append_only;
CREATE TRIGGER key_refreshes_set_once BEFORE UPDATE ON public.key_refreshes FOR EACH ROW WHEN ((((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.key_id IS NOT NULL) AND (old.key_id IS DISTINCT FROM new.key_id)) OR ((old.key_request_hash IS NOT NULL) AND (old.key_request_hash IS DISTINCT FROM new.key_request_hash)) OR ((old.epoch IS NOT NULL) AND (old.epoch IS DISTINCT FROM new.epoch)) OR ((old.key_request IS NOT NULL) AND (old.key_request IS DISTINCT FROM new.key_request)) OR ((old.document_set_version IS NOT NULL) AND (old.document_set_version IS DISTINCT FROM new.document_set_version)) OR ((old.key_records IS NOT NULL) AND (old.key_records IS DISTINCT FROM new.key_records)) OR ((old.created_at IS NOT NULL) AND (old.created_at IS DISTINCT FROM new.created_at)))) EXECUTE FUNCTION public.set_once('tenant_id', 'key_id', 'key_request_hash', 'epoch', 'key_request', 'document_set_version', 'key_records', 'created_at');
ALTER TABLE public.key_refreshes ENABLE ALWAYS TRIGGER key_refreshes_set_once;
CREATE TRIGGER keys_set_once BEFORE UPDATE ON public.keys FOR EACH ROW WHEN ((((old.key_records IS NOT NULL) AND (old.key_records IS DISTINCT FROM new.key_records)) OR ((old.public_key IS NOT NULL) AND (old.public_key IS DISTINCT FROM new.public_key)) OR ((old.chain_code IS NOT NULL) AND (old.chain_code IS DISTINCT FROM new.chain_code)))) EXECUTE FUNCTION public.set_once('key_records', 'public_key', 'chain_code');
ALTER TABLE public.keys ENABLE ALWAYS TRIGGER keys_set_once;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.addresses
    ADD CONSTRAINT addresses_tenant_id_number_fkey FOREIGN KEY (tenant_id, number) REFERENCES public.vault_accounts(tenant_id, number);
ALTER TABLE ONLY public.key_refreshes
    ADD CONSTRAINT key_refreshes_tenant_id_key_id_fkey FOREIGN KEY (tenant_id, key_id) REFERENCES public.keys(tenant_id, key_id);
ALTER TABLE ONLY public.wallets
    ADD CONSTRAINT wallets_tenant_id_number_fkey FOREIGN KEY (tenant_id, number) REFERENCES public.vault_accounts(tenant_id, number);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.addresses TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.addresses TO service_role;
GRANT SELECT ON TABLE public.admissions TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.admissions TO service_role;
GRANT UPDATE(payload) ON TABLE public.admissions TO service_role;
GRANT UPDATE(signing_request_id) ON TABLE public.admissions TO service_role;
GRANT SELECT ON TABLE public.assemblies TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.assemblies TO service_role;
GRANT SELECT ON TABLE public.document_sets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_sets TO service_role;
GRANT SELECT ON TABLE public.idempotency_keys TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.idempotency_keys TO service_role;
GRANT SELECT ON TABLE public.key_refreshes TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.key_refreshes TO service_role;
GRANT UPDATE(status) ON TABLE public.key_refreshes TO service_role;
GRANT UPDATE(reason) ON TABLE public.key_refreshes TO service_role;
GRANT UPDATE(key_records) ON TABLE public.key_refreshes TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.key_refreshes TO service_role;
GRANT SELECT ON TABLE public.keys TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.keys TO service_role;
GRANT UPDATE(status) ON TABLE public.keys TO service_role;
GRANT UPDATE(reason) ON TABLE public.keys TO service_role;
GRANT UPDATE(key_request) ON TABLE public.keys TO service_role;
GRANT UPDATE(key_request_hash) ON TABLE public.keys TO service_role;
GRANT UPDATE(document_set_version) ON TABLE public.keys TO service_role;
GRANT UPDATE(rounds) ON TABLE public.keys TO service_role;
GRANT UPDATE(key_records) ON TABLE public.keys TO service_role;
GRANT UPDATE(public_key) ON TABLE public.keys TO service_role;
GRANT UPDATE(chain_code) ON TABLE public.keys TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.keys TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.vault_accounts TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.vault_accounts TO service_role;
GRANT SELECT ON TABLE public.wallets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.wallets TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
