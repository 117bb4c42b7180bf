-- What is over can be found by when it was, and forgotten; a call that is still to be made cannot be deleted.

-- Not concurrently, for a migration is one transaction: calls wait while it is built, about a second for a million rows.
-- squawk-ignore require-concurrent-index-creation
create index if not exists work_finished on work (finished_at) where finished_at is not null;

create or replace trigger work_keeps_unfinished
before delete on work
for each row when (old.finished_at is null) execute function refuse_change();
alter table work enable always trigger work_keeps_unfinished;
