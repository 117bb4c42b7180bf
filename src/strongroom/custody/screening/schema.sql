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
CREATE TABLE public.aml_screening_results (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    intent_hash bytea NOT NULL,
    address text NOT NULL,
    provider text NOT NULL,
    aml text NOT NULL,
    matched_list text,
    detail text NOT NULL,
    evidence_hash bytea NOT NULL,
    screened_at timestamp with time zone NOT NULL,
    CONSTRAINT aml_screening_results_aml_check CHECK ((aml = ANY (ARRAY['PASS'::text, 'REJECT'::text]))),
    CONSTRAINT aml_screening_results_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT aml_screening_results_check CHECK (((aml = 'REJECT'::text) = (matched_list IS NOT NULL))),
    CONSTRAINT aml_screening_results_evidence_hash_check CHECK ((length(evidence_hash) = 32)),
    CONSTRAINT aml_screening_results_intent_hash_check CHECK ((length(intent_hash) = 32))
);
ALTER TABLE public.aml_screening_results OWNER TO owner_role;
ALTER TABLE public.aml_screening_results ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.aml_screening_results_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
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
CREATE TABLE public.screening_entries (
    list_name text NOT NULL,
    address text NOT NULL
);
ALTER TABLE public.screening_entries OWNER TO owner_role;
CREATE TABLE public.screening_lists (
    name text NOT NULL,
    content_hash bytea NOT NULL,
    addresses bigint NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    CONSTRAINT screening_lists_addresses_check CHECK ((addresses > 0)),
    CONSTRAINT screening_lists_content_hash_check CHECK ((length(content_hash) = 32)),
    CONSTRAINT screening_lists_name_check CHECK ((name <> ''::text))
);
ALTER TABLE public.screening_lists OWNER TO owner_role;
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
CREATE TABLE public.travel_rule_destinations (
    tenant_id text NOT NULL,
    asset_id text NOT NULL,
    address text NOT NULL,
    jurisdiction text NOT NULL,
    vasp_id text,
    persons bytea NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    CONSTRAINT travel_rule_destinations_jurisdiction_check CHECK ((length(jurisdiction) = 2))
);
ALTER TABLE public.travel_rule_destinations OWNER TO owner_role;
CREATE TABLE public.travel_rule_exchanges (
    transaction_id uuid NOT NULL,
    tenant_id text NOT NULL,
    verification_uuid uuid NOT NULL,
    vasp_id text NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    tx_hash text,
    sent_reported_at timestamp with time zone,
    failure text,
    failed_reported_at timestamp with time zone,
    CONSTRAINT travel_rule_exchanges_check CHECK (((tx_hash IS NULL) = (sent_reported_at IS NULL))),
    CONSTRAINT travel_rule_exchanges_check1 CHECK (((failure IS NULL) = (failed_reported_at IS NULL))),
    CONSTRAINT travel_rule_exchanges_failure_check CHECK ((failure <> ''::text)),
    CONSTRAINT travel_rule_exchanges_tx_hash_check CHECK ((tx_hash <> ''::text))
);
ALTER TABLE public.travel_rule_exchanges OWNER TO owner_role;
CREATE TABLE public.travel_rule_inbound (
    verification_uuid uuid NOT NULL,
    tenant_id text NOT NULL,
    vault_account text NOT NULL,
    originating_vasp_id text NOT NULL,
    asset_id text NOT NULL,
    address text NOT NULL,
    amount text NOT NULL,
    result text NOT NULL,
    reason text,
    answered_at timestamp with time zone NOT NULL,
    tx_hash text,
    sent_at timestamp with time zone,
    failure text,
    failed_at timestamp with time zone,
    CONSTRAINT travel_rule_inbound_check CHECK (((result = 'DENIED'::text) = (reason IS NOT NULL))),
    CONSTRAINT travel_rule_inbound_check1 CHECK (((tx_hash IS NULL) = (sent_at IS NULL))),
    CONSTRAINT travel_rule_inbound_check2 CHECK (((failure IS NULL) = (failed_at IS NULL))),
    CONSTRAINT travel_rule_inbound_failure_check CHECK ((failure <> ''::text)),
    CONSTRAINT travel_rule_inbound_result_check CHECK ((result = ANY (ARRAY['VERIFIED'::text, 'DENIED'::text, 'UNKNOWN'::text]))),
    CONSTRAINT travel_rule_inbound_tx_hash_check CHECK ((tx_hash <> ''::text))
);
ALTER TABLE public.travel_rule_inbound OWNER TO owner_role;
CREATE TABLE public.travel_rule_originators (
    tenant_id text NOT NULL,
    vault_account text NOT NULL,
    jurisdiction text NOT NULL,
    kyc text NOT NULL,
    persons bytea NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    CONSTRAINT travel_rule_originators_jurisdiction_check CHECK ((length(jurisdiction) = 2)),
    CONSTRAINT travel_rule_originators_kyc_check CHECK ((kyc = ANY (ARRAY['VERIFIED'::text, 'UNVERIFIED'::text, 'BLACKLISTED'::text])))
);
ALTER TABLE public.travel_rule_originators OWNER TO owner_role;
CREATE TABLE public.travel_rule_records (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    intent_hash bytea NOT NULL,
    required boolean NOT NULL,
    reason text NOT NULL,
    outcome text NOT NULL,
    counterparty text NOT NULL,
    simulated boolean NOT NULL,
    verification_uuid uuid,
    verdict bytea NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT travel_rule_records_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT travel_rule_records_check CHECK ((required = (outcome <> 'NOT_REQUIRED'::text))),
    CONSTRAINT travel_rule_records_check1 CHECK (((verification_uuid IS NULL) OR (required AND (NOT simulated)))),
    CONSTRAINT travel_rule_records_intent_hash_check CHECK ((length(intent_hash) = 32)),
    CONSTRAINT travel_rule_records_outcome_check CHECK ((outcome = ANY (ARRAY['NOT_REQUIRED'::text, 'EXCHANGED'::text, 'REFUSED'::text])))
);
ALTER TABLE public.travel_rule_records OWNER TO owner_role;
ALTER TABLE public.travel_rule_records ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.travel_rule_records_id_seq
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
ALTER TABLE ONLY public.aml_screening_results
    ADD CONSTRAINT aml_screening_results_once UNIQUE (transaction_id, attempt);
ALTER TABLE ONLY public.aml_screening_results
    ADD CONSTRAINT aml_screening_results_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.screening_entries
    ADD CONSTRAINT screening_entries_pkey PRIMARY KEY (address, list_name);
ALTER TABLE ONLY public.screening_lists
    ADD CONSTRAINT screening_lists_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.travel_rule_destinations
    ADD CONSTRAINT travel_rule_destinations_pkey PRIMARY KEY (tenant_id, asset_id, address);
ALTER TABLE ONLY public.travel_rule_exchanges
    ADD CONSTRAINT travel_rule_exchanges_pkey PRIMARY KEY (transaction_id);
ALTER TABLE ONLY public.travel_rule_exchanges
    ADD CONSTRAINT travel_rule_exchanges_verification_uuid_key UNIQUE (verification_uuid);
ALTER TABLE ONLY public.travel_rule_inbound
    ADD CONSTRAINT travel_rule_inbound_pkey PRIMARY KEY (verification_uuid);
ALTER TABLE ONLY public.travel_rule_originators
    ADD CONSTRAINT travel_rule_originators_pkey PRIMARY KEY (tenant_id, vault_account);
ALTER TABLE ONLY public.travel_rule_records
    ADD CONSTRAINT travel_rule_records_once UNIQUE (transaction_id, attempt);
ALTER TABLE ONLY public.travel_rule_records
    ADD CONSTRAINT travel_rule_records_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE INDEX screening_entries_list ON public.screening_entries USING btree (list_name);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER aml_screening_results_append_only BEFORE DELETE OR UPDATE ON public.aml_screening_results FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.aml_screening_results ENABLE ALWAYS TRIGGER aml_screening_results_append_only;
CREATE TRIGGER aml_screening_results_no_truncate BEFORE TRUNCATE ON public.aml_screening_results FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.aml_screening_results ENABLE ALWAYS TRIGGER aml_screening_results_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER travel_rule_exchanges_set_once BEFORE UPDATE ON public.travel_rule_exchanges FOR EACH ROW WHEN ((((old.transaction_id IS NOT NULL) AND (old.transaction_id IS DISTINCT FROM new.transaction_id)) OR ((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.verification_uuid IS NOT NULL) AND (old.verification_uuid IS DISTINCT FROM new.verification_uuid)) OR ((old.vasp_id IS NOT NULL) AND (old.vasp_id IS DISTINCT FROM new.vasp_id)) OR ((old.asked_at IS NOT NULL) AND (old.asked_at IS DISTINCT FROM new.asked_at)) OR ((old.tx_hash IS NOT NULL) AND (old.tx_hash IS DISTINCT FROM new.tx_hash)) OR ((old.sent_reported_at IS NOT NULL) AND (old.sent_reported_at IS DISTINCT FROM new.sent_reported_at)) OR ((old.failure IS NOT NULL) AND (old.failure IS DISTINCT FROM new.failure)) OR ((old.failed_reported_at IS NOT NULL) AND (old.failed_reported_at IS DISTINCT FROM new.failed_reported_at)))) EXECUTE FUNCTION public.set_once('transaction_id', 'tenant_id', 'verification_uuid', 'vasp_id', 'asked_at', 'tx_hash', 'sent_reported_at', 'failure', 'failed_reported_at');
ALTER TABLE public.travel_rule_exchanges ENABLE ALWAYS TRIGGER travel_rule_exchanges_set_once;
CREATE TRIGGER travel_rule_inbound_set_once BEFORE UPDATE ON public.travel_rule_inbound FOR EACH ROW WHEN ((((old.verification_uuid IS NOT NULL) AND (old.verification_uuid IS DISTINCT FROM new.verification_uuid)) OR ((old.tenant_id IS NOT NULL) AND (old.tenant_id IS DISTINCT FROM new.tenant_id)) OR ((old.vault_account IS NOT NULL) AND (old.vault_account IS DISTINCT FROM new.vault_account)) OR ((old.originating_vasp_id IS NOT NULL) AND (old.originating_vasp_id IS DISTINCT FROM new.originating_vasp_id)) OR ((old.asset_id IS NOT NULL) AND (old.asset_id IS DISTINCT FROM new.asset_id)) OR ((old.address IS NOT NULL) AND (old.address IS DISTINCT FROM new.address)) OR ((old.amount IS NOT NULL) AND (old.amount IS DISTINCT FROM new.amount)) OR ((old.result IS NOT NULL) AND (old.result IS DISTINCT FROM new.result)) OR ((old.reason IS NOT NULL) AND (old.reason IS DISTINCT FROM new.reason)) OR ((old.answered_at IS NOT NULL) AND (old.answered_at IS DISTINCT FROM new.answered_at)) OR ((old.tx_hash IS NOT NULL) AND (old.tx_hash IS DISTINCT FROM new.tx_hash)) OR ((old.sent_at IS NOT NULL) AND (old.sent_at IS DISTINCT FROM new.sent_at)) OR ((old.failure IS NOT NULL) AND (old.failure IS DISTINCT FROM new.failure)) OR ((old.failed_at IS NOT NULL) AND (old.failed_at IS DISTINCT FROM new.failed_at)))) EXECUTE FUNCTION public.set_once('verification_uuid', 'tenant_id', 'vault_account', 'originating_vasp_id', 'asset_id', 'address', 'amount', 'result', 'reason', 'answered_at', 'tx_hash', 'sent_at', 'failure', 'failed_at');
ALTER TABLE public.travel_rule_inbound ENABLE ALWAYS TRIGGER travel_rule_inbound_set_once;
CREATE TRIGGER travel_rule_records_append_only BEFORE DELETE OR UPDATE ON public.travel_rule_records FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.travel_rule_records ENABLE ALWAYS TRIGGER travel_rule_records_append_only;
CREATE TRIGGER travel_rule_records_no_truncate BEFORE TRUNCATE ON public.travel_rule_records FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.travel_rule_records ENABLE ALWAYS TRIGGER travel_rule_records_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.screening_entries
    ADD CONSTRAINT screening_entries_list_name_fkey FOREIGN KEY (list_name) REFERENCES public.screening_lists(name);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.aml_screening_results TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.aml_screening_results TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.screening_entries TO auditor_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.screening_entries TO service_role;
GRANT SELECT ON TABLE public.screening_lists TO auditor_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.screening_lists TO service_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.travel_rule_destinations TO auditor_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.travel_rule_destinations TO service_role;
GRANT SELECT ON TABLE public.travel_rule_exchanges TO auditor_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.travel_rule_exchanges TO service_role;
GRANT SELECT ON TABLE public.travel_rule_inbound TO auditor_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.travel_rule_inbound TO service_role;
GRANT SELECT ON TABLE public.travel_rule_originators TO auditor_role;
GRANT SELECT,INSERT,DELETE ON TABLE public.travel_rule_originators TO service_role;
GRANT SELECT ON TABLE public.travel_rule_records TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.travel_rule_records TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
