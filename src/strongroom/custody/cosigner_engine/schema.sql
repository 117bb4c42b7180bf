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
CREATE TABLE public.callback_invocations (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    ceremony_id bytea NOT NULL,
    cosigner bigint NOT NULL,
    request_id text NOT NULL,
    answer text NOT NULL,
    document bytea NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT callback_invocations_ceremony_id_check CHECK ((length(ceremony_id) = 32)),
    CONSTRAINT callback_invocations_cosigner_check CHECK (((cosigner >= 1) AND (cosigner <= 3)))
);
ALTER TABLE public.callback_invocations OWNER TO owner_role;
ALTER TABLE public.callback_invocations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.callback_invocations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.close_answers (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    cosigner bigint NOT NULL,
    kind text NOT NULL,
    document bytea NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT close_answers_cosigner_check CHECK (((cosigner >= 1) AND (cosigner <= 3))),
    CONSTRAINT close_answers_kind_check CHECK ((kind = ANY (ARRAY['TOMBSTONE'::text, 'RELEASED'::text, 'HONOURED'::text])))
);
ALTER TABLE public.close_answers OWNER TO owner_role;
ALTER TABLE public.close_answers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.close_answers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.close_requests (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    request_hash bytea NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT close_requests_request_hash_check CHECK ((length(request_hash) = 32)),
    CONSTRAINT close_requests_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'REPORTED'::text, 'RESUMED'::text])))
);
ALTER TABLE public.close_requests OWNER TO owner_role;
CREATE TABLE public.document_sets (
    tenant_id text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    document bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT document_sets_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT document_sets_version_check CHECK ((version > 0))
);
ALTER TABLE public.document_sets OWNER TO owner_role;
CREATE TABLE public.key_ceremonies (
    tenant_id text NOT NULL,
    key_id text NOT NULL,
    key_request_hash bytea NOT NULL,
    key_request bytea NOT NULL,
    status text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    ceremony_id bytea,
    key_records bytea[],
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT key_ceremonies_ceremony_id_check CHECK ((length(ceremony_id) = 32)),
    CONSTRAINT key_ceremonies_check CHECK (((status = 'RECORDED'::text) = (key_records IS NOT NULL))),
    CONSTRAINT key_ceremonies_key_request_hash_check CHECK ((length(key_request_hash) = 32)),
    CONSTRAINT key_ceremonies_status_check CHECK ((status = ANY (ARRAY['RUNNING'::text, 'RECORDED'::text, 'FAILED'::text])))
);
ALTER TABLE public.key_ceremonies OWNER TO owner_role;
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
CREATE TABLE public.signing_events (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    signing_request_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    ceremony_id bytea NOT NULL,
    cosigner bigint NOT NULL,
    kind text NOT NULL,
    document bytea NOT NULL,
    signature bytea,
    occurred_at timestamp with time zone NOT NULL,
    CONSTRAINT signing_events_ceremony_id_check CHECK ((length(ceremony_id) = 32)),
    CONSTRAINT signing_events_check CHECK (((signature IS NOT NULL) = (kind = ANY (ARRAY['PARTIAL'::text, 'ADOPTED'::text])))),
    CONSTRAINT signing_events_cosigner_check CHECK (((cosigner >= 1) AND (cosigner <= 3))),
    CONSTRAINT signing_events_kind_check CHECK ((kind = ANY (ARRAY['CONSENT'::text, 'PARTIAL'::text, 'ADOPTED'::text, 'REFUSAL'::text, 'TOMBSTONE'::text, 'FAULT'::text]))),
    CONSTRAINT signing_events_signature_check CHECK ((length(signature) = 65))
);
ALTER TABLE public.signing_events OWNER TO owner_role;
ALTER TABLE public.signing_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signing_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.signing_requests (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    policy_rule_ref text NOT NULL,
    request_token text NOT NULL,
    request_uri text NOT NULL,
    request_body bytea NOT NULL,
    intent bytea NOT NULL,
    payload bytea NOT NULL,
    decision bytea NOT NULL,
    verdict bytea NOT NULL,
    approvals bytea[] NOT NULL,
    digest bytea NOT NULL,
    status text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT signing_requests_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT signing_requests_status_check CHECK ((status = ANY (ARRAY['OPEN'::text, 'SIGNED'::text, 'ASSEMBLED'::text, 'CLOSED'::text, 'SUPERSEDED'::text])))
);
ALTER TABLE public.signing_requests OWNER TO owner_role;
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
ALTER TABLE ONLY public.callback_invocations
    ADD CONSTRAINT callback_invocations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.close_answers
    ADD CONSTRAINT close_answers_once_key UNIQUE (transaction_id, cosigner, kind);
ALTER TABLE ONLY public.close_answers
    ADD CONSTRAINT close_answers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.close_requests
    ADD CONSTRAINT close_requests_pkey PRIMARY KEY (transaction_id);
ALTER TABLE ONLY public.document_sets
    ADD CONSTRAINT document_sets_pkey PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.key_ceremonies
    ADD CONSTRAINT key_ceremonies_pkey PRIMARY KEY (tenant_id, key_id, key_request_hash);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_events
    ADD CONSTRAINT signing_events_once_key UNIQUE (ceremony_id, cosigner, kind);
ALTER TABLE ONLY public.signing_events
    ADD CONSTRAINT signing_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_requests
    ADD CONSTRAINT signing_requests_attempt_key UNIQUE (transaction_id, attempt);
ALTER TABLE ONLY public.signing_requests
    ADD CONSTRAINT signing_requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE UNIQUE INDEX callback_invocations_asked_key ON public.callback_invocations USING btree (cosigner, request_id, occurred_at);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX signing_events_transaction ON public.signing_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER callback_invocations_append_only BEFORE DELETE OR UPDATE ON public.callback_invocations FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.callback_invocations ENABLE ALWAYS TRIGGER callback_invocations_append_only;
CREATE TRIGGER close_answers_append_only BEFORE DELETE OR UPDATE ON public.close_answers FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.close_answers ENABLE ALWAYS TRIGGER close_answers_append_only;
CREATE TRIGGER close_requests_set_once BEFORE UPDATE ON public.close_requests FOR EACH ROW WHEN ((((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.transaction_id IS NOT NULL) AND (old.transaction_id IS DISTINCT FROM new.transaction_id)) OR ((old.request_hash IS NOT NULL) AND (old.request_hash IS DISTINCT FROM new.request_hash)) OR ((old.reason IS NOT NULL) AND (old.reason IS DISTINCT FROM new.reason)) OR ((old.created_at IS NOT NULL) AND (old.created_at IS DISTINCT FROM new.created_at)))) EXECUTE FUNCTION public.set_once('tenant_id', 'transaction_id', 'request_hash', 'reason', 'created_at');
ALTER TABLE public.close_requests ENABLE ALWAYS TRIGGER close_requests_set_once;
CREATE TRIGGER document_sets_append_only BEFORE DELETE OR UPDATE ON public.document_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_append_only;
CREATE TRIGGER key_ceremonies_set_once BEFORE UPDATE ON public.key_ceremonies FOR EACH ROW WHEN ((((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.key_id IS NOT NULL) AND (old.key_id IS DISTINCT FROM new.key_id)) OR ((old.key_request_hash IS NOT NULL) AND (old.key_request_hash IS DISTINCT FROM new.key_request_hash)) OR ((old.key_request IS NOT NULL) AND (old.key_request IS DISTINCT FROM new.key_request)) OR ((old.ceremony_id IS NOT NULL) AND (old.ceremony_id IS DISTINCT FROM new.ceremony_id)) OR ((old.key_records IS NOT NULL) AND (old.key_records IS DISTINCT FROM new.key_records)) OR ((old.created_at IS NOT NULL) AND (old.created_at IS DISTINCT FROM new.created_at)))) EXECUTE FUNCTION public.set_once('tenant_id', 'key_id', 'key_request_hash', 'key_request', 'ceremony_id', 'key_records', 'created_at');
ALTER TABLE public.key_ceremonies ENABLE ALWAYS TRIGGER key_ceremonies_set_once;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER signing_events_append_only BEFORE DELETE OR UPDATE ON public.signing_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.signing_events ENABLE ALWAYS TRIGGER signing_events_append_only;
CREATE TRIGGER signing_requests_set_once BEFORE UPDATE ON public.signing_requests FOR EACH ROW WHEN ((((old.id IS NOT NULL) AND (old.id IS DISTINCT FROM new.id)) OR ((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.transaction_id IS NOT NULL) AND (old.transaction_id IS DISTINCT FROM new.transaction_id)) OR ((old.attempt IS NOT NULL) AND (old.attempt IS DISTINCT FROM new.attempt)) OR ((old.policy_rule_ref IS NOT NULL) AND (old.policy_rule_ref IS DISTINCT FROM new.policy_rule_ref)) OR ((old.request_token IS NOT NULL) AND (old.request_token IS DISTINCT FROM new.request_token)) OR ((old.request_uri IS NOT NULL) AND (old.request_uri IS DISTINCT FROM new.request_uri)) OR ((old.request_body IS NOT NULL) AND (old.request_body IS DISTINCT FROM new.request_body)) OR ((old.intent IS NOT NULL) AND (old.intent IS DISTINCT FROM new.intent)) OR ((old.payload IS NOT NULL) AND (old.payload IS DISTINCT FROM new.payload)) OR ((old.decision IS NOT NULL) AND (old.decision IS DISTINCT FROM new.decision)) OR ((old.verdict IS NOT NULL) AND (old.verdict IS DISTINCT FROM new.verdict)) OR ((old.approvals IS NOT NULL) AND (old.approvals IS DISTINCT FROM new.approvals)) OR ((old.digest IS NOT NULL) AND (old.digest IS DISTINCT FROM new.digest)) OR ((old.created_at IS NOT NULL) AND (old.created_at IS DISTINCT FROM new.created_at)))) EXECUTE FUNCTION public.set_once('id', 'tenant_id', 'transaction_id', 'attempt', 'policy_rule_ref', 'request_token', 'request_uri', 'request_body', 'intent', 'payload', 'decision', 'verdict', 'approvals', 'digest', 'created_at');
ALTER TABLE public.signing_requests ENABLE ALWAYS TRIGGER signing_requests_set_once;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.close_answers
    ADD CONSTRAINT close_answers_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.close_requests(transaction_id);
ALTER TABLE ONLY public.signing_events
    ADD CONSTRAINT signing_events_signing_request_id_fkey FOREIGN KEY (signing_request_id) REFERENCES public.signing_requests(id);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.callback_invocations TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.callback_invocations TO service_role;
GRANT SELECT ON TABLE public.close_answers TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.close_answers TO service_role;
GRANT SELECT ON TABLE public.close_requests TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.close_requests TO service_role;
GRANT UPDATE(status) ON TABLE public.close_requests TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.close_requests TO service_role;
GRANT SELECT ON TABLE public.document_sets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_sets TO service_role;
GRANT SELECT ON TABLE public.key_ceremonies TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.key_ceremonies TO service_role;
GRANT UPDATE(status) ON TABLE public.key_ceremonies TO service_role;
GRANT UPDATE(reason) ON TABLE public.key_ceremonies TO service_role;
GRANT UPDATE(ceremony_id) ON TABLE public.key_ceremonies TO service_role;
GRANT UPDATE(key_records) ON TABLE public.key_ceremonies TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.key_ceremonies TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.signing_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.signing_events TO service_role;
GRANT SELECT ON TABLE public.signing_requests TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.signing_requests TO service_role;
GRANT UPDATE(status) ON TABLE public.signing_requests TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.signing_requests TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
