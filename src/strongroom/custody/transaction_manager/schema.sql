-- Generated from the migrations and grants beside it by `make generate`; do not edit, and never run.

CREATE FUNCTION public.guard_transaction() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
ALTER FUNCTION public.guard_transaction() OWNER TO owner_role;
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
    key text NOT NULL,
    body_hash bytea NOT NULL,
    transaction_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_body_hash_check CHECK ((length(body_hash) = 32))
);
ALTER TABLE public.idempotency_keys OWNER TO owner_role;
CREATE TABLE public.nonce_lanes (
    chain_id bigint NOT NULL,
    sender text NOT NULL,
    tenant_id text NOT NULL,
    next_nonce bigint NOT NULL,
    live_transaction uuid,
    changed_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT nonce_lanes_next_nonce_check CHECK ((next_nonce >= 0))
);
ALTER TABLE public.nonce_lanes OWNER TO owner_role;
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
CREATE TABLE public.spend_slots (
    chain_id bigint NOT NULL,
    sender text NOT NULL,
    nonce bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    state text NOT NULL,
    reserved_at timestamp with time zone NOT NULL,
    since_block bigint NOT NULL,
    CONSTRAINT spend_slots_nonce_check CHECK ((nonce >= 0)),
    CONSTRAINT spend_slots_since_block_check CHECK ((since_block >= 0)),
    CONSTRAINT spend_slots_state_check CHECK ((state = ANY (ARRAY['LIVE'::text, 'SIGNED'::text, 'CONSUMED'::text, 'FREED'::text])))
);
ALTER TABLE public.spend_slots OWNER TO owner_role;
CREATE TABLE public.transaction_status_events (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    status text NOT NULL,
    sub_status text NOT NULL,
    reason text NOT NULL,
    occurred_at timestamp with time zone NOT NULL
);
ALTER TABLE public.transaction_status_events OWNER TO owner_role;
ALTER TABLE public.transaction_status_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.transaction_status_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.transaction_steps (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    step text NOT NULL,
    from_service text NOT NULL,
    to_service text NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    duration_us bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT transaction_steps_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT transaction_steps_duration_us_check CHECK ((duration_us >= 0))
);
ALTER TABLE public.transaction_steps OWNER TO owner_role;
ALTER TABLE public.transaction_steps ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.transaction_steps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.transactions (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    environment text NOT NULL,
    status text NOT NULL,
    sub_status text DEFAULT ''::text NOT NULL,
    reason text DEFAULT ''::text NOT NULL,
    attempt bigint DEFAULT 0 NOT NULL,
    step text NOT NULL,
    ending text,
    tombstone bytea,
    freed boolean DEFAULT false NOT NULL,
    held_by_fee boolean DEFAULT false NOT NULL,
    report_due boolean DEFAULT false NOT NULL,
    signed_attempt bigint,
    asset_id text NOT NULL,
    chain_id bigint NOT NULL,
    decimals bigint NOT NULL,
    source_account text NOT NULL,
    sender text NOT NULL,
    destination_type text NOT NULL,
    destination_id text NOT NULL,
    destination_address text NOT NULL,
    amount_units numeric(78,0) NOT NULL,
    max_fee_units numeric(78,0) NOT NULL,
    needed_confirmations bigint NOT NULL,
    external_id text,
    note text NOT NULL,
    created_by text NOT NULL,
    access_token_id text NOT NULL,
    request_token text NOT NULL,
    request_uri text NOT NULL,
    request_body bytea NOT NULL,
    request_hash bytea NOT NULL,
    body_hash bytea NOT NULL,
    document_set_version bigint NOT NULL,
    intent bytea NOT NULL,
    not_after timestamp with time zone NOT NULL,
    verdict bytea,
    decision bytea,
    payload bytea,
    nonce bigint,
    raw_payload_cbor bytea,
    tx_hash text,
    block_number bigint,
    block_hash text,
    confirmations bigint DEFAULT 0 NOT NULL,
    fee_units numeric(78,0),
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT transactions_amount_units_check CHECK ((amount_units > (0)::numeric)),
    CONSTRAINT transactions_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT transactions_body_hash_check CHECK ((length(body_hash) = 32)),
    CONSTRAINT transactions_chain_id_check CHECK ((chain_id > 0)),
    CONSTRAINT transactions_check CHECK (((status <> 'CANCELLING'::text) OR (ending IS NOT NULL))),
    CONSTRAINT transactions_confirmations_check CHECK ((confirmations >= 0)),
    CONSTRAINT transactions_decimals_check CHECK (((decimals >= 0) AND (decimals <= 77))),
    CONSTRAINT transactions_ending_check CHECK ((ending = ANY (ARRAY['CANCELLED'::text, 'BLOCKED'::text, 'REJECTED'::text, 'FAILED'::text]))),
    CONSTRAINT transactions_max_fee_units_check CHECK ((max_fee_units > (0)::numeric)),
    CONSTRAINT transactions_needed_confirmations_check CHECK ((needed_confirmations > 0)),
    CONSTRAINT transactions_nonce_check CHECK ((nonce >= 0)),
    CONSTRAINT transactions_request_hash_check CHECK ((length(request_hash) = 32))
);
ALTER TABLE public.transactions OWNER TO owner_role;
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
ALTER TABLE ONLY public.document_sets
    ADD CONSTRAINT document_sets_pkey PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, operation, key);
ALTER TABLE ONLY public.nonce_lanes
    ADD CONSTRAINT nonce_lanes_pkey PRIMARY KEY (chain_id, sender);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.spend_slots
    ADD CONSTRAINT spend_slots_pkey PRIMARY KEY (transaction_id);
ALTER TABLE ONLY public.transaction_status_events
    ADD CONSTRAINT transaction_status_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.transaction_steps
    ADD CONSTRAINT transaction_steps_once UNIQUE (transaction_id, attempt, step, to_service);
ALTER TABLE ONLY public.transaction_steps
    ADD CONSTRAINT transaction_steps_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_request_hash_key UNIQUE (request_hash);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE UNIQUE INDEX spend_slots_taken ON public.spend_slots USING btree (chain_id, sender, nonce) WHERE (state <> 'FREED'::text);
CREATE INDEX transaction_status_events_transaction ON public.transaction_status_events USING btree (transaction_id, id);
CREATE INDEX transactions_external_id ON public.transactions USING btree (tenant_id, external_id, created_at DESC);
CREATE UNIQUE INDEX transactions_external_id_key ON public.transactions USING btree (tenant_id, external_id) WHERE (tombstone IS NULL);
CREATE INDEX transactions_newest ON public.transactions USING btree (tenant_id, created_at DESC, id DESC);
CREATE INDEX transactions_queue ON public.transactions USING btree (chain_id, sender, created_at, id) WHERE ((status = 'QUEUED'::text) AND (NOT held_by_fee));
CREATE INDEX transactions_spending ON public.transactions USING btree (chain_id, sender) WHERE (status <> ALL (ARRAY['CONFIRMING'::text, 'COMPLETED'::text, 'CANCELLED'::text, 'BLOCKED'::text, 'REJECTED'::text, 'FAILED'::text]));
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER document_sets_append_only BEFORE DELETE OR UPDATE ON public.document_sets FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_append_only;
CREATE TRIGGER document_sets_no_truncate BEFORE TRUNCATE ON public.document_sets FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.document_sets ENABLE ALWAYS TRIGGER document_sets_no_truncate;
CREATE TRIGGER idempotency_keys_append_only BEFORE DELETE OR UPDATE ON public.idempotency_keys FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.idempotency_keys ENABLE ALWAYS TRIGGER idempotency_keys_append_only;
CREATE TRIGGER idempotency_keys_no_truncate BEFORE TRUNCATE ON public.idempotency_keys FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.idempotency_keys ENABLE ALWAYS TRIGGER idempotency_keys_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER transaction_status_events_append_only BEFORE DELETE OR UPDATE ON public.transaction_status_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transaction_status_events ENABLE ALWAYS TRIGGER transaction_status_events_append_only;
CREATE TRIGGER transaction_status_events_no_truncate BEFORE TRUNCATE ON public.transaction_status_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transaction_status_events ENABLE ALWAYS TRIGGER transaction_status_events_no_truncate;
CREATE TRIGGER transaction_steps_append_only BEFORE DELETE OR UPDATE ON public.transaction_steps FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transaction_steps ENABLE ALWAYS TRIGGER transaction_steps_append_only;
CREATE TRIGGER transaction_steps_no_truncate BEFORE TRUNCATE ON public.transaction_steps FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transaction_steps ENABLE ALWAYS TRIGGER transaction_steps_no_truncate;
CREATE TRIGGER transactions_guard BEFORE UPDATE ON public.transactions FOR EACH ROW EXECUTE FUNCTION public.guard_transaction();
ALTER TABLE public.transactions ENABLE ALWAYS TRIGGER transactions_guard;
CREATE TRIGGER transactions_no_delete BEFORE DELETE ON public.transactions FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transactions ENABLE ALWAYS TRIGGER transactions_no_delete;
CREATE TRIGGER transactions_no_truncate BEFORE TRUNCATE ON public.transactions FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.transactions ENABLE ALWAYS TRIGGER transactions_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transactions(id);
ALTER TABLE ONLY public.nonce_lanes
    ADD CONSTRAINT nonce_lanes_live_transaction_fkey FOREIGN KEY (live_transaction) REFERENCES public.transactions(id);
ALTER TABLE ONLY public.spend_slots
    ADD CONSTRAINT spend_slots_chain_id_sender_fkey FOREIGN KEY (chain_id, sender) REFERENCES public.nonce_lanes(chain_id, sender);
ALTER TABLE ONLY public.spend_slots
    ADD CONSTRAINT spend_slots_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transactions(id);
ALTER TABLE ONLY public.transaction_status_events
    ADD CONSTRAINT transaction_status_events_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transactions(id);
ALTER TABLE ONLY public.transaction_steps
    ADD CONSTRAINT transaction_steps_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transactions(id);
ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_tenant_id_document_set_version_fkey FOREIGN KEY (tenant_id, document_set_version) REFERENCES public.document_sets(tenant_id, version);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.document_sets TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.document_sets TO service_role;
GRANT SELECT ON TABLE public.idempotency_keys TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.idempotency_keys TO service_role;
GRANT SELECT ON TABLE public.nonce_lanes TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.nonce_lanes TO service_role;
GRANT UPDATE(next_nonce) ON TABLE public.nonce_lanes TO service_role;
GRANT UPDATE(live_transaction) ON TABLE public.nonce_lanes TO service_role;
GRANT UPDATE(changed_at) ON TABLE public.nonce_lanes TO service_role;
GRANT UPDATE(version) ON TABLE public.nonce_lanes TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.spend_slots TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.spend_slots TO service_role;
GRANT UPDATE(state) ON TABLE public.spend_slots TO service_role;
GRANT SELECT ON TABLE public.transaction_status_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.transaction_status_events TO service_role;
GRANT SELECT ON TABLE public.transaction_steps TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.transaction_steps TO service_role;
GRANT SELECT ON TABLE public.transactions TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.transactions TO service_role;
GRANT UPDATE(status) ON TABLE public.transactions TO service_role;
GRANT UPDATE(sub_status) ON TABLE public.transactions TO service_role;
GRANT UPDATE(reason) ON TABLE public.transactions TO service_role;
GRANT UPDATE(attempt) ON TABLE public.transactions TO service_role;
GRANT UPDATE(step) ON TABLE public.transactions TO service_role;
GRANT UPDATE(ending) ON TABLE public.transactions TO service_role;
GRANT UPDATE(tombstone) ON TABLE public.transactions TO service_role;
GRANT UPDATE(freed) ON TABLE public.transactions TO service_role;
GRANT UPDATE(held_by_fee) ON TABLE public.transactions TO service_role;
GRANT UPDATE(report_due) ON TABLE public.transactions TO service_role;
GRANT UPDATE(signed_attempt) ON TABLE public.transactions TO service_role;
GRANT UPDATE(verdict) ON TABLE public.transactions TO service_role;
GRANT UPDATE(decision) ON TABLE public.transactions TO service_role;
GRANT UPDATE(payload) ON TABLE public.transactions TO service_role;
GRANT UPDATE(nonce) ON TABLE public.transactions TO service_role;
GRANT UPDATE(raw_payload_cbor) ON TABLE public.transactions TO service_role;
GRANT UPDATE(tx_hash) ON TABLE public.transactions TO service_role;
GRANT UPDATE(block_number) ON TABLE public.transactions TO service_role;
GRANT UPDATE(block_hash) ON TABLE public.transactions TO service_role;
GRANT UPDATE(confirmations) ON TABLE public.transactions TO service_role;
GRANT UPDATE(fee_units) ON TABLE public.transactions TO service_role;
GRANT UPDATE(updated_at) ON TABLE public.transactions TO service_role;
GRANT UPDATE(version) ON TABLE public.transactions TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
