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
CREATE TABLE public.broadcast_attempts (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    chain_id bigint NOT NULL,
    sender text NOT NULL,
    nonce bigint NOT NULL,
    digest bytea NOT NULL,
    raw_transaction bytea NOT NULL,
    tx_hash text NOT NULL,
    attempted_at timestamp with time zone NOT NULL,
    CONSTRAINT broadcast_attempts_attempt_check CHECK ((attempt >= 0)),
    CONSTRAINT broadcast_attempts_chain_id_check CHECK ((chain_id > 0)),
    CONSTRAINT broadcast_attempts_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT broadcast_attempts_nonce_check CHECK ((nonce >= 0))
);
ALTER TABLE public.broadcast_attempts OWNER TO owner_role;
ALTER TABLE public.broadcast_attempts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.broadcast_attempts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.broadcast_outcomes (
    id bigint NOT NULL,
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    outcome text NOT NULL,
    message text NOT NULL,
    answered_at timestamp with time zone NOT NULL
);
ALTER TABLE public.broadcast_outcomes OWNER TO owner_role;
ALTER TABLE public.broadcast_outcomes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.broadcast_outcomes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.observed_blocks (
    chain_id bigint NOT NULL,
    block_hash text NOT NULL,
    number bigint NOT NULL,
    parent_hash text NOT NULL,
    observed_at timestamp with time zone NOT NULL
);
ALTER TABLE public.observed_blocks OWNER TO owner_role;
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
CREATE TABLE public.slot_watches (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    chain_id bigint NOT NULL,
    sender text NOT NULL,
    nonce bigint NOT NULL,
    digest bytea NOT NULL,
    since_block bigint NOT NULL,
    parents text[] NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT slot_watches_chain_id_check CHECK ((chain_id > 0)),
    CONSTRAINT slot_watches_digest_check CHECK ((length(digest) = 32)),
    CONSTRAINT slot_watches_nonce_check CHECK ((nonce >= 0)),
    CONSTRAINT slot_watches_since_block_check CHECK ((since_block >= 0))
);
ALTER TABLE public.slot_watches OWNER TO owner_role;
CREATE TABLE public.watches (
    tenant_id text NOT NULL,
    transaction_id uuid NOT NULL,
    attempt bigint NOT NULL,
    chain_id bigint NOT NULL,
    since_block bigint NOT NULL,
    parents text[] NOT NULL,
    alerted_at timestamp with time zone,
    closed_at timestamp with time zone,
    CONSTRAINT watches_since_block_check CHECK ((since_block >= 0))
);
ALTER TABLE public.watches OWNER TO owner_role;
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
ALTER TABLE ONLY public.broadcast_attempts
    ADD CONSTRAINT broadcast_attempts_once UNIQUE (transaction_id, attempt);
ALTER TABLE ONLY public.broadcast_attempts
    ADD CONSTRAINT broadcast_attempts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.broadcast_attempts
    ADD CONSTRAINT broadcast_attempts_slot UNIQUE (chain_id, sender, nonce);
ALTER TABLE ONLY public.broadcast_outcomes
    ADD CONSTRAINT broadcast_outcomes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.observed_blocks
    ADD CONSTRAINT observed_blocks_pkey PRIMARY KEY (chain_id, block_hash);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.slot_watches
    ADD CONSTRAINT slot_watches_once PRIMARY KEY (transaction_id);
ALTER TABLE ONLY public.watches
    ADD CONSTRAINT watches_pkey PRIMARY KEY (transaction_id, attempt);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE INDEX broadcast_outcomes_transaction ON public.broadcast_outcomes USING btree (transaction_id, id);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX slot_watches_open ON public.slot_watches USING btree (chain_id) WHERE (closed_at IS NULL);
CREATE INDEX slot_watches_slot ON public.slot_watches USING btree (chain_id, sender, nonce);
CREATE INDEX watches_open ON public.watches USING btree (chain_id) WHERE (closed_at IS NULL);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER broadcast_attempts_append_only BEFORE DELETE OR UPDATE ON public.broadcast_attempts FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.broadcast_attempts ENABLE ALWAYS TRIGGER broadcast_attempts_append_only;
CREATE TRIGGER broadcast_attempts_no_truncate BEFORE TRUNCATE ON public.broadcast_attempts FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.broadcast_attempts ENABLE ALWAYS TRIGGER broadcast_attempts_no_truncate;
CREATE TRIGGER broadcast_outcomes_append_only BEFORE DELETE OR UPDATE ON public.broadcast_outcomes FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.broadcast_outcomes ENABLE ALWAYS TRIGGER broadcast_outcomes_append_only;
CREATE TRIGGER broadcast_outcomes_no_truncate BEFORE TRUNCATE ON public.broadcast_outcomes FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.broadcast_outcomes ENABLE ALWAYS TRIGGER broadcast_outcomes_no_truncate;
CREATE TRIGGER observed_blocks_append_only BEFORE DELETE OR UPDATE ON public.observed_blocks FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.observed_blocks ENABLE ALWAYS TRIGGER observed_blocks_append_only;
CREATE TRIGGER observed_blocks_no_truncate BEFORE TRUNCATE ON public.observed_blocks FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.observed_blocks ENABLE ALWAYS TRIGGER observed_blocks_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER slot_watches_closed_once BEFORE UPDATE ON public.slot_watches FOR EACH ROW WHEN (((old.closed_at IS NOT NULL) AND (old.closed_at IS DISTINCT FROM new.closed_at))) EXECUTE FUNCTION public.set_once('closed_at');
CREATE TRIGGER watches_closed_once BEFORE UPDATE ON public.watches FOR EACH ROW WHEN ((((old.closed_at IS NOT NULL) AND (old.closed_at IS DISTINCT FROM new.closed_at)) OR ((old.alerted_at IS NOT NULL) AND (old.alerted_at IS DISTINCT FROM new.alerted_at)))) EXECUTE FUNCTION public.set_once('closed_at', 'alerted_at');
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
GRANT SELECT ON TABLE public.broadcast_attempts TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.broadcast_attempts TO service_role;
GRANT SELECT ON TABLE public.broadcast_outcomes TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.broadcast_outcomes TO service_role;
GRANT SELECT ON TABLE public.observed_blocks TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.observed_blocks TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.slot_watches TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.slot_watches TO service_role;
GRANT UPDATE(closed_at) ON TABLE public.slot_watches TO service_role;
GRANT SELECT ON TABLE public.watches TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.watches TO service_role;
GRANT UPDATE(alerted_at) ON TABLE public.watches TO service_role;
GRANT UPDATE(closed_at) ON TABLE public.watches TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
