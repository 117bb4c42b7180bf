"""Taking, ending and repeating commands."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from strongroom.travel_rule.enclave.domain.commands import Command
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.commands import (
    fail_command,
    finish_commands,
    forget_commands,
    list_dead_letters,
    postpone_command,
    replay_dead_letter,
    take_commands,
)
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.joined import finish_all
from strongroom.travel_rule.enclave.store.keyset import load_keyset
from strongroom.travel_rule.enclave.store.messages import forget_messages
from strongroom.travel_rule.messages import REPLAY_WINDOW_S

_log = structlog.stdlib.get_logger(__name__)
_DEAD_LETTERS = 1000
_GATHER_S = 0.01


async def take_due(*, means: Means, limit: int, lease_s: int) -> Sequence[Command]:
    """Lease commands that are due, or whose process is gone, to this one."""
    now = means.now()
    return await means.database.run(lambda tx: take_commands(tx, limit=limit, lease_s=lease_s, now=now))


async def finish(*, means: Means, command: Command) -> None:
    """It is done; answered when that is committed, together with what else is done about now.

    Nobody waits for it, and a crash before it only repeats what is done at least once anyway.
    """
    ended = means.ended
    ended.waiting.append(command)
    await means.clock.sleep(_GATHER_S)
    async with ended.storing:
        if not any(each is command for each in ended.waiting):
            return  # it was stored with another's
        batch, now = tuple(ended.waiting), means.now()

        async def store(tx: Transaction) -> int:
            return await finish_commands(tx, batch, now=now)

        await means.database.run(store, at_once=lambda direct: finish_all(direct, batch, now=now))
        del ended.waiting[: len(batch)]


async def postpone(*, means: Means, command: Command, within_s: float | None = None) -> None:
    """Try it again later: each time after twice as long, with a spread, but within ``within_s``."""
    delay_s = pause_s(means=means, attempt=command.attempt)
    if within_s is not None:
        delay_s = min(delay_s, max(within_s, 0.0))
    due_at, attempt = means.now() + timedelta(seconds=delay_s), command.attempt + 1
    await means.database.run(lambda tx: postpone_command(tx, command, due_at=due_at, attempt=attempt))


async def wait_for_hub(*, means: Means, command: Command) -> None:
    """Try it again when the hub takes messages of this enclave again: what it did not take counts as no attempt."""
    delay_s = means.hub.paused_s() + pause_s(means=means, attempt=0)
    due_at = means.now() + timedelta(seconds=delay_s)
    await means.database.run(lambda tx: postpone_command(tx, command, due_at=due_at, attempt=command.attempt))


async def give_up(*, means: Means, command: Command) -> None:
    """Make it a dead letter, which waits for somebody to replay it."""
    _log.error("dead_letter", command_id=command.id, kind=command.kind, attempt=command.attempt)
    await means.database.run(lambda tx: fail_command(tx, command, now=means.now()))


async def list_dead(*, means: Means) -> Sequence[Command]:
    """Dead letters, oldest first; the first thousand."""
    return await means.database.read(lambda tx: list_dead_letters(tx, limit=_DEAD_LETTERS))


async def replay(*, means: Means, command_id: int) -> bool:
    """Have a dead letter tried again by whoever serves; False if there is none of that id."""
    return await means.database.run(lambda tx: replay_dead_letter(tx, command_id))


async def tidy(*, means: Means, keep_done_s: float) -> None:
    """Forget commands done long ago and messages that would be stale by now; learn of new data keys."""
    now = means.now()
    await means.database.run(lambda tx: forget_commands(tx, before=now - timedelta(seconds=keep_done_s)))
    await means.database.run(lambda tx: forget_messages(tx, before=now - timedelta(seconds=REPLAY_WINDOW_S)))
    await means.database.read(lambda tx: load_keyset(tx, means.cipher))


def pause_s(*, means: Means, attempt: int) -> float:
    """How long to wait after that many failures: doubled each time, and never all at the same moment."""
    longest = min(means.patience.back_off_s * 2 ** min(attempt, 20), means.patience.back_off_max_s)
    return longest * (256 + means.entropy.token(1)[0]) / 512
