-- What is set once is compared here, in plain SQL: set_once() compares column by column in SQL that it puts together at each
-- call, so it is only called for a change that it is going to refuse, to name the column.

create or replace trigger slot_watches_closed_once
before update on slot_watches
for each row when (
    old.closed_at is not null and old.closed_at is distinct from new.closed_at
) execute function set_once('closed_at');

create or replace trigger watches_closed_once
before update on watches
for each row when (
    old.closed_at is not null and old.closed_at is distinct from new.closed_at
    or old.alerted_at is not null and old.alerted_at is distinct from new.alerted_at
) execute function set_once('closed_at', 'alerted_at');
