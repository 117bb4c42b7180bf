-- Generated from the migrations and grants beside it by `make generate`; do not edit, and never run.

CREATE FUNCTION public.forget_relayed_messages(before timestamp with time zone, most bigint) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
    with old as (
        select id from public.relayed_messages
        where received_at < least(before, clock_timestamp() - interval '1 day')
        order by received_at
        limit most
        for update skip locked
    ),
    gone as (
        delete from public.relayed_messages using old where relayed_messages.id = old.id returning relayed_messages.id
    )
    select count(*) from gone
$$;
ALTER FUNCTION public.forget_relayed_messages(before timestamp with time zone, most bigint) OWNER TO owner_role;
COMMENT ON FUNCTION public.forget_relayed_messages(before timestamp with time zone, most bigint) IS 'deletes the oldest few; the last day stays, whoever asks';
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
CREATE TABLE public.relayed_messages (
    id bigint NOT NULL,
    message_id uuid NOT NULL,
    kind text NOT NULL,
    from_vasp text NOT NULL,
    to_vasp text NOT NULL,
    question_bytes bigint NOT NULL,
    answer_bytes bigint NOT NULL,
    outcome text NOT NULL,
    took_ms bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT relayed_messages_answer_bytes_check CHECK ((answer_bytes >= 0)),
    CONSTRAINT relayed_messages_outcome_check CHECK ((outcome = ANY (ARRAY['ANSWERED'::text, 'COUNTERPARTY_UNAVAILABLE'::text, 'COUNTERPARTY_REFUSED'::text]))),
    CONSTRAINT relayed_messages_question_bytes_check CHECK ((question_bytes >= 0)),
    CONSTRAINT relayed_messages_took_ms_check CHECK ((took_ms >= 0))
);
ALTER TABLE public.relayed_messages OWNER TO owner_role;
COMMENT ON TABLE public.relayed_messages IS 'that a message passed: never a byte of what it held';
ALTER TABLE public.relayed_messages ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.relayed_messages_id_seq
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
CREATE TABLE public.vasp_health (
    vasp_id text NOT NULL,
    health text NOT NULL,
    since timestamp with time zone NOT NULL,
    checked_at timestamp with time zone NOT NULL,
    CONSTRAINT vasp_health_health_check CHECK ((health = ANY (ARRAY['UP'::text, 'DOWN'::text])))
);
ALTER TABLE public.vasp_health OWNER TO owner_role;
CREATE TABLE public.vasps (
    vasp_id text NOT NULL,
    serial bigint NOT NULL,
    record bytea NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT vasps_serial_check CHECK ((serial > 0)),
    CONSTRAINT vasps_vasp_id_check CHECK ((vasp_id ~ '^[1-9][0-9]{0,19}$'::text))
);
ALTER TABLE public.vasps OWNER TO owner_role;
COMMENT ON COLUMN public.vasps.vasp_id IS 'decimal text of an unsigned 64-bit number';
COMMENT ON COLUMN public.vasps.record IS 'as the network authority signed it; every enclave checks that signature itself';
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
ALTER TABLE ONLY public.relayed_messages
    ADD CONSTRAINT relayed_messages_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (origin, version);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_handoff_id_key UNIQUE (handoff_id);
ALTER TABLE ONLY public.service_handoff_events
    ADD CONSTRAINT service_handoff_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.vasp_health
    ADD CONSTRAINT vasp_health_pkey PRIMARY KEY (vasp_id);
ALTER TABLE ONLY public.vasps
    ADD CONSTRAINT vasps_pkey PRIMARY KEY (vasp_id);
ALTER TABLE ONLY public.work
    ADD CONSTRAINT work_pkey PRIMARY KEY (key, operation, attempt);
CREATE INDEX relayed_messages_received_at ON public.relayed_messages USING btree (received_at);
CREATE INDEX service_handoff_events_chain ON public.service_handoff_events USING btree (cert_chain_hash) WHERE (cert_chain IS NOT NULL);
CREATE INDEX service_handoff_events_transaction ON public.service_handoff_events USING btree (transaction_id, id);
CREATE INDEX work_due ON public.work USING btree (due_at) WHERE (finished_at IS NULL);
CREATE INDEX work_finished ON public.work USING btree (finished_at) WHERE (finished_at IS NOT NULL);
CREATE TRIGGER relayed_messages_append_only BEFORE UPDATE ON public.relayed_messages FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.relayed_messages ENABLE ALWAYS TRIGGER relayed_messages_append_only;
CREATE TRIGGER relayed_messages_no_truncate BEFORE TRUNCATE ON public.relayed_messages FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.relayed_messages ENABLE ALWAYS TRIGGER relayed_messages_no_truncate;
CREATE TRIGGER service_handoff_events_append_only BEFORE DELETE OR UPDATE ON public.service_handoff_events FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_append_only;
CREATE TRIGGER service_handoff_events_no_truncate BEFORE TRUNCATE ON public.service_handoff_events FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.service_handoff_events ENABLE ALWAYS TRIGGER service_handoff_events_no_truncate;
CREATE TRIGGER work_keeps_unfinished BEFORE DELETE ON public.work FOR EACH ROW WHEN ((old.finished_at IS NULL)) EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.work ENABLE ALWAYS TRIGGER work_keeps_unfinished;
ALTER TABLE ONLY public.vasp_health
    ADD CONSTRAINT vasp_health_vasp_id_fkey FOREIGN KEY (vasp_id) REFERENCES public.vasps(vasp_id);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO service_role;
GRANT USAGE ON SCHEMA public TO auditor_role;
REVOKE ALL ON FUNCTION public.forget_relayed_messages(before timestamp with time zone, most bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.forget_relayed_messages(before timestamp with time zone, most bigint) TO service_role;
GRANT SELECT ON TABLE public.relayed_messages TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.relayed_messages TO service_role;
GRANT SELECT ON TABLE public.schema_migrations TO auditor_role;
GRANT SELECT ON TABLE public.service_handoff_events TO auditor_role;
GRANT SELECT,INSERT ON TABLE public.service_handoff_events TO service_role;
GRANT SELECT ON TABLE public.vasp_health TO auditor_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.vasp_health TO service_role;
GRANT SELECT ON TABLE public.vasps TO auditor_role;
GRANT SELECT,INSERT,UPDATE ON TABLE public.vasps TO service_role;
GRANT SELECT ON TABLE public.work TO auditor_role;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.work TO service_role;
ALTER DEFAULT PRIVILEGES FOR ROLE owner_role IN SCHEMA public GRANT SELECT ON TABLES TO auditor_role;
