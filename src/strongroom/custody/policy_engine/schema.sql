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
CREATE TABLE public.api_registrations (
    name text NOT NULL,
    tenant_id text NOT NULL
);
ALTER TABLE public.api_registrations OWNER TO owner_role;
CREATE TABLE public.approval_decisions (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    number bigint NOT NULL,
    attempt bigint NOT NULL,
    approver text NOT NULL,
    answer text NOT NULL,
    document bytea,
    reason text,
    state text NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    CONSTRAINT approval_decisions_answer_check CHECK ((answer = ANY (ARRAY['AUTO_APPROVED'::text, 'ASKED'::text, 'APPROVE'::text, 'REJECT'::text, 'TIMED_OUT'::text, 'OUTDATED'::text, 'CLOSED'::text]))),
    CONSTRAINT approval_decisions_check CHECK (((answer = ANY (ARRAY['APPROVE'::text, 'REJECT'::text])) = (document IS NOT NULL))),
    CONSTRAINT approval_decisions_check1 CHECK (((answer = 'AUTO_APPROVED'::text) <= (state = 'APPROVED'::text))),
    CONSTRAINT approval_decisions_check2 CHECK (((answer = 'REJECT'::text) <= (state = 'REJECTED'::text))),
    CONSTRAINT approval_decisions_check3 CHECK (((answer = 'TIMED_OUT'::text) = (state = 'EXPIRED'::text))),
    CONSTRAINT approval_decisions_check4 CHECK (((answer = 'OUTDATED'::text) = (state = 'OUTDATED'::text))),
    CONSTRAINT approval_decisions_check5 CHECK (((answer = 'CLOSED'::text) = (state = 'CLOSED'::text))),
    CONSTRAINT approval_decisions_check6 CHECK (((answer = 'CLOSED'::text) = (reason IS NOT NULL))),
    CONSTRAINT approval_decisions_number_check CHECK ((number >= 0)),
    CONSTRAINT approval_decisions_state_check CHECK ((state = ANY (ARRAY['WAITING'::text, 'APPROVED'::text, 'REJECTED'::text, 'EXPIRED'::text, 'OUTDATED'::text, 'CLOSED'::text])))
);
ALTER TABLE public.approval_decisions OWNER TO owner_role;
CREATE TABLE public.approval_requests (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    request_token text NOT NULL,
    request_uri text NOT NULL,
    request_body bytea NOT NULL,
    intent bytea NOT NULL,
    intent_hash bytea NOT NULL,
    verdict bytea NOT NULL,
    action text NOT NULL,
    rule_id text NOT NULL,
    rule_number bigint NOT NULL,
    decision bytea NOT NULL,
    document_set_version bigint NOT NULL,
    evaluate_us bigint NOT NULL,
    parents text[] NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    CONSTRAINT approval_requests_action_check CHECK ((action = ANY (ARRAY['ALLOW'::text, 'APPROVE'::text, 'BLOCK'::text]))),
    CONSTRAINT approval_requests_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT approval_requests_check CHECK (((action = 'APPROVE'::text) = (expires_at IS NOT NULL))),
    CONSTRAINT approval_requests_evaluate_us_check CHECK ((evaluate_us >= 0)),
    CONSTRAINT approval_requests_intent_hash_check CHECK ((length(intent_hash) = 32)),
    CONSTRAINT approval_requests_rule_number_check CHECK ((rule_number >= 0))
);
ALTER TABLE public.approval_requests OWNER TO owner_role;
ALTER TABLE public.approval_requests ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.approval_requests_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.document_set_deliveries (
    tenant_id text NOT NULL,
    version bigint NOT NULL,
    delivered_at timestamp with time zone NOT NULL
);
ALTER TABLE public.document_set_deliveries OWNER TO owner_role;
CREATE TABLE public.document_sets (
    tenant_id text NOT NULL,
    version bigint NOT NULL,
    hash bytea NOT NULL,
    signed bytea NOT NULL,
    published_at timestamp with time zone NOT NULL,
    CONSTRAINT document_sets_hash_check CHECK ((length(hash) = 32)),
    CONSTRAINT document_sets_version_check CHECK ((version > 0))
);
ALTER TABLE public.document_sets OWNER TO owner_role;
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
ALTER TABLE ONLY public.api_registrations
    ADD CONSTRAINT api_registrations_once PRIMARY KEY (name);
ALTER TABLE ONLY public.approval_decisions
    ADD CONSTRAINT approval_decisions_in_turn PRIMARY KEY (transaction_id, number);
ALTER TABLE ONLY public.approval_requests
    ADD CONSTRAINT approval_requests_once UNIQUE (transaction_id, attempt);
ALTER TABLE ONLY public.approval_requests
    ADD CONSTRAINT approval_requests_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.document_set_deliveries
    ADD CONSTRAINT document_set_deliveries_pkey PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.document_sets
    ADD CONSTRAINT document_sets_version PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE UNIQUE INDEX approval_decisions_one_end ON public.approval_decisions USING btree (transaction_id, attempt) WHERE (state <> 'WAITING'::text);
CREATE INDEX approval_requests_asked ON public.approval_requests USING btree (tenant_id, id) WHERE (action = 'APPROVE'::text);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER api_registrations_append_only BEFORE DELETE OR UPDATE ON public.api_registrations FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.api_registrations ENABLE ALWAYS TRIGGER api_registrations_append_only;
CREATE TRIGGER api_registrations_no_truncate BEFORE TRUNCATE ON public.api_registrations FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.api_registrations ENABLE ALWAYS TRIGGER api_registrations_no_truncate;
CREATE TRIGGER approval_decisions_append_only BEFORE DELETE OR UPDATE ON public.approval_decisions FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.approval_decisions ENABLE ALWAYS TRIGGER approval_decisions_append_only;
CREATE TRIGGER approval_decisions_no_truncate BEFORE TRUNCATE ON public.approval_decisions FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.approval_decisions ENABLE ALWAYS TRIGGER approval_decisions_no_truncate;
CREATE TRIGGER approval_requests_append_only BEFORE DELETE OR UPDATE ON public.approval_requests FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.approval_requests ENABLE ALWAYS TRIGGER approval_requests_append_only;
CREATE TRIGGER approval_requests_no_truncate BEFORE TRUNCATE ON public.approval_requests FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.approval_requests ENABLE ALWAYS TRIGGER approval_requests_no_truncate;
CREATE TRIGGER document_set_deliveries_append_only BEFORE DELETE OR UPDATE ON public.document_set_deliveries FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_set_deliveries ENABLE ALWAYS TRIGGER document_set_deliveries_append_only;
CREATE TRIGGER document_set_deliveries_no_truncate BEFORE TRUNCATE ON public.document_set_deliveries FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_set_deliveries ENABLE ALWAYS TRIGGER document_set_deliveries_no_truncate;
CREATE TRIGGER document_sets_append_only BEFORE DELETE OR UPDATE ON public.document_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_append_only;
CREATE TRIGGER document_sets_no_truncate BEFORE TRUNCATE ON public.document_sets FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.document_set_deliveries
    ADD CONSTRAINT document_set_deliveries_tenant_id_version_fkey FOREIGN KEY (tenant_id, version) REFERENCES public.document_sets(tenant_id, version);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.api_registrations TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.api_registrations TO service_role;
GRANT SELECT ON TABLE public.approval_decisions TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.approval_decisions TO service_role;
GRANT SELECT ON TABLE public.approval_requests TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.approval_requests TO service_role;
GRANT SELECT ON TABLE public.document_set_deliveries TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_set_deliveries TO service_role;
GRANT SELECT ON TABLE public.document_sets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_sets TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
