"""What a commit hands to the call that it makes due: a shortcut past a read, and nothing that a crash could lose."""

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work, WorkItem


async def test_what_is_carried_reaches_the_first_try_alone(database: Database, clock: ManualClock) -> None:
    seen = list[object]()
    work = Work(database, clock=clock, worker_id="a")

    async def handle(item: WorkItem) -> None:
        seen.append(item.carried)
        if len(seen) == 1:
            await work.postpone(item, 5)
        else:
            await work.commit(done=item)

    work.register("carry", handle)
    await work.start()
    known = object()
    await work.commit(then=[work.new("k", "carry", carried=known)])
    await work.drain()
    clock.advance(6)
    await work.drain()
    await work.stop()
    assert seen == [known, None]  # then the row says it
