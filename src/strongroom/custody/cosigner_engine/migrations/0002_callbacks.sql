-- Step 10a: a question keeps its id whenever it is asked again, so that a row is told from another by its time.
-- No release before this one wrote to the table: it is empty, and an index over nothing blocks nobody.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- squawk-ignore ban-drop-constraint
alter table callback_invocations drop constraint if exists callback_invocations_request_key;
-- squawk-ignore require-concurrent-index-creation
create unique index if not exists callback_invocations_asked_key
on callback_invocations (cosigner, request_id, occurred_at);
