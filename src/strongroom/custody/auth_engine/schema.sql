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
CREATE TABLE public.api_users (
    id text NOT NULL,
    tenant_id text NOT NULL,
    environment text NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    CONSTRAINT api_users_id_check CHECK ((id <> ''::text))
);
ALTER TABLE public.api_users OWNER TO owner_role;
CREATE TABLE public.auth_tokens (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    api_user_id text NOT NULL,
    certificate_version bigint NOT NULL,
    request_hash bytea NOT NULL,
    nonce text NOT NULL,
    handoff_id text NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT auth_tokens_check CHECK ((expires_at > issued_at)),
    CONSTRAINT auth_tokens_request_hash_check CHECK ((length(request_hash) = 32))
);
ALTER TABLE public.auth_tokens OWNER TO owner_role;
CREATE TABLE public.certificates (
    api_user_id text NOT NULL,
    tenant_id text NOT NULL,
    public_key_der bytea NOT NULL,
    public_key_hash bytea NOT NULL,
    valid_from_version bigint NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    revoked_by_version bigint,
    revoked_at timestamp with time zone,
    CONSTRAINT certificates_check CHECK (((revoked_at IS NULL) = (revoked_by_version IS NULL))),
    CONSTRAINT certificates_valid_from_version_check CHECK ((valid_from_version > 0))
);
ALTER TABLE public.certificates OWNER TO owner_role;
CREATE TABLE public.document_sets (
    tenant_id text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    signed bytea NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    CONSTRAINT document_sets_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT document_sets_version_check CHECK ((version > 0))
);
ALTER TABLE public.document_sets OWNER TO owner_role;
CREATE TABLE public.registered_keys (
    public_key_hash bytea NOT NULL,
    tenant_id text NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    CONSTRAINT registered_keys_public_key_hash_check CHECK ((length(public_key_hash) = 32))
);
ALTER TABLE public.registered_keys OWNER TO owner_role;
CREATE UNLOGGED TABLE public.request_nonces (
    api_user_id text NOT NULL,
    nonce text NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
ALTER TABLE public.request_nonces OWNER TO owner_role;
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
ALTER TABLE ONLY public.api_users
    ADD CONSTRAINT api_users_id PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_nonce UNIQUE (api_user_id, nonce);
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_version PRIMARY KEY (api_user_id, valid_from_version);
ALTER TABLE ONLY public.document_sets
    ADD CONSTRAINT document_sets_version PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.registered_keys
    ADD CONSTRAINT registered_keys_hash PRIMARY KEY (public_key_hash);
ALTER TABLE ONLY public.request_nonces
    ADD CONSTRAINT request_nonces_once PRIMARY KEY (api_user_id, nonce);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE UNIQUE INDEX certificates_live_key ON public.certificates USING btree (public_key_hash) WHERE (revoked_at IS NULL);
CREATE UNIQUE INDEX certificates_live_user ON public.certificates USING btree (api_user_id) WHERE (revoked_at IS NULL);
CREATE INDEX request_nonces_expiry ON public.request_nonces USING btree (expires_at);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER api_users_append_only BEFORE DELETE OR UPDATE ON public.api_users FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.api_users ENABLE ALWAYS TRIGGER api_users_append_only;
CREATE TRIGGER api_users_no_truncate BEFORE TRUNCATE ON public.api_users FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.api_users ENABLE ALWAYS TRIGGER api_users_no_truncate;
CREATE TRIGGER auth_tokens_append_only BEFORE DELETE OR UPDATE ON public.auth_tokens FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.auth_tokens ENABLE ALWAYS TRIGGER auth_tokens_append_only;
CREATE TRIGGER auth_tokens_no_truncate BEFORE TRUNCATE ON public.auth_tokens FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.auth_tokens ENABLE ALWAYS TRIGGER auth_tokens_no_truncate;
CREATE TRIGGER certificates_no_delete BEFORE DELETE ON public.certificates FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.certificates ENABLE ALWAYS TRIGGER certificates_no_delete;
CREATE TRIGGER certificates_no_truncate BEFORE TRUNCATE ON public.certificates FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.certificates ENABLE ALWAYS TRIGGER certificates_no_truncate;
CREATE TRIGGER certificates_set_once BEFORE UPDATE ON public.certificates FOR EACH ROW WHEN ((((old.api_user_id IS NOT NULL) AND (old.api_user_id IS DISTINCT FROM new.api_user_id)) OR ((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.public_key_der IS NOT NULL) AND (old.public_key_der IS DISTINCT FROM new.public_key_der)) OR ((old.public_key_hash IS NOT NULL) AND (old.public_key_hash IS DISTINCT FROM new.public_key_hash)) OR ((old.valid_from_version IS NOT NULL) AND (old.valid_from_version IS DISTINCT FROM new.valid_from_version)) OR ((old.valid_from IS NOT NULL) AND (old.valid_from IS DISTINCT FROM new.valid_from)) OR ((old.revoked_by_version IS NOT NULL) AND (old.revoked_by_version IS DISTINCT FROM new.revoked_by_version)) OR ((old.revoked_at IS NOT NULL) AND (old.revoked_at IS DISTINCT FROM new.revoked_at)))) EXECUTE FUNCTION public.set_once('api_user_id', 'tenant_id', 'public_key_der', 'public_key_hash', 'valid_from_version', 'valid_from', 'revoked_by_version', 'revoked_at');
ALTER TABLE public.certificates ENABLE ALWAYS TRIGGER certificates_set_once;
CREATE TRIGGER document_sets_append_only BEFORE DELETE OR UPDATE ON public.document_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_append_only;
CREATE TRIGGER document_sets_no_truncate BEFORE TRUNCATE ON public.document_sets FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_no_truncate;
CREATE TRIGGER registered_keys_append_only BEFORE DELETE OR UPDATE ON public.registered_keys FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.registered_keys ENABLE ALWAYS TRIGGER registered_keys_append_only;
CREATE TRIGGER registered_keys_no_truncate BEFORE TRUNCATE ON public.registered_keys FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.registered_keys ENABLE ALWAYS TRIGGER registered_keys_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.auth_tokens
    ADD CONSTRAINT auth_tokens_api_user_id_fkey FOREIGN KEY (api_user_id) REFERENCES public.api_users(id);
ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_api_user_id_fkey FOREIGN KEY (api_user_id) REFERENCES public.api_users(id);
ALTER TABLE ONLY public.certificates
    ADD CONSTRAINT certificates_public_key_hash_fkey FOREIGN KEY (public_key_hash) REFERENCES public.registered_keys(public_key_hash);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.api_users TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.api_users TO service_role;
GRANT SELECT ON TABLE public.auth_tokens TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.auth_tokens TO service_role;
GRANT SELECT ON TABLE public.certificates TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.certificates TO service_role;
GRANT UPDATE(revoked_by_version) ON TABLE public.certificates TO service_role;
GRANT UPDATE(revoked_at) ON TABLE public.certificates TO service_role;
GRANT SELECT ON TABLE public.document_sets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_sets TO service_role;
GRANT SELECT ON TABLE public.registered_keys TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.registered_keys TO service_role;
GRANT SELECT ON TABLE public.request_nonces TO auditor_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.request_nonces TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
