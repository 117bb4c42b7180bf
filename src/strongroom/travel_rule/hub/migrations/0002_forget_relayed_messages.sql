-- What passed stays unchangeable, and goes only by its age: the service's role may not delete, it may call this.
create or replace trigger relayed_messages_append_only
before update on relayed_messages
for each row execute function refuse_change();
alter table relayed_messages enable always trigger relayed_messages_append_only;

create or replace function forget_relayed_messages(before timestamptz, most bigint) returns bigint
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
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
comment on function forget_relayed_messages is 'deletes the oldest few; the last day stays, whoever asks';
revoke all on function forget_relayed_messages from public;
