"""Carry a sealed message to an enclave, and its answer back; keep that it passed."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.http import Peer
from strongroom.travel_rule.hub.domain import Member, Outcome, Passage, check_question
from strongroom.travel_rule.hub.operations.directory import Directory
from strongroom.travel_rule.hub.operations.limits import Limits
from strongroom.travel_rule.hub.peers import Enclaves
from strongroom.travel_rule.hub.store import insert_passages
from strongroom.travel_rule.messages import Header, parse_envelope

_WAITING_MAX: Final = 100_000
_AT_ONCE: Final = 1_000
_OUTCOMES: Final = {
    Code.COUNTERPARTY_UNAVAILABLE: Outcome.COUNTERPARTY_UNAVAILABLE,
    Code.COUNTERPARTY_REFUSED: Outcome.COUNTERPARTY_REFUSED,
}
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What carrying needs; ``waiting`` is what passed and is not yet stored (the oldest go when too many wait)."""

    directory: Directory
    enclaves: Enclaves
    limits: Limits
    clock: Clock
    waiting: deque[Passage] = field(default_factory=lambda: deque[Passage](maxlen=_WAITING_MAX))


async def carry_message(*, relay: Relay, peer: Peer, to_vasp: str, read: Callable[[], Awaitable[bytes]]) -> bytes:
    """The addressee's answer to a message of the member that the connection's certificate names.

    Args:
        peer: whose connection it came by.
        to_vasp: whom the address names.
        read: reads the message; not asked for before the sender is known to be a member that may send.

    Raises:
        StrongroomError: ``FORBIDDEN``, ``RATE_LIMITED``, ``TRAVEL_RULE_MESSAGE_INVALID``, ``VASP_UNKNOWN``,
            ``COUNTERPARTY_UNAVAILABLE``, ``COUNTERPARTY_REFUSED``.
    """
    sender = relay.directory.get_caller(peer)
    relay.limits.admit(sender.vasp_id)
    message = await read()
    relay.limits.count_bytes(sender.vasp_id, len(message))
    header = parse_envelope(message).header
    check_question(header, from_vasp=sender.vasp_id, to_vasp=to_vasp)
    addressee = relay.directory.get_askable(to_vasp)
    received_at, began_s = relay.clock.now(), relay.clock.monotonic_s()
    outcome, answer = Outcome.COUNTERPARTY_UNAVAILABLE, b""
    try:
        answer = await relay.enclaves.carry(addressee, message)
        outcome = Outcome.ANSWERED
    except StrongroomError as error:
        outcome = _OUTCOMES[error.code]
        _log.info("not_carried", kind=header.kind.value, to_vasp=to_vasp, outcome=outcome.value)
        raise
    finally:
        took_ms = round((relay.clock.monotonic_s() - began_s) * 1000)
        sizes = (len(message), len(answer))
        relay.waiting.append(_passage(header, sizes, outcome=outcome, took_ms=took_ms, received_at=received_at))
    return answer


def list_members(*, relay: Relay, peer: Peer) -> tuple[Member, ...]:
    """The directory, for a member; ``FORBIDDEN`` or ``RATE_LIMITED``."""
    caller = relay.directory.get_caller(peer)
    relay.limits.admit(caller.vasp_id)
    members = relay.directory.members()
    relay.limits.count_bytes(caller.vasp_id, sum(len(member.signed) for member in members))
    return members


async def store_passages(*, relay: Relay, database: Database) -> None:
    """Store what passed since the last time, many to a commit: a crash loses the last moment's metadata, no message."""
    while relay.waiting:
        batch = [relay.waiting.popleft() for _ in range(min(len(relay.waiting), _AT_ONCE))]
        try:
            await insert_passages(database, batch)
        except BaseException:  # also when this task is ended: what passed is stored by the last call
            relay.waiting.extendleft(reversed(batch))
            raise


def _passage(
    header: Header, sizes: tuple[int, int], *, outcome: Outcome, took_ms: int, received_at: datetime
) -> Passage:
    return Passage(
        message_id=header.message_id,
        kind=header.kind.value,
        from_vasp=header.from_vasp,
        to_vasp=header.to_vasp,
        question_bytes=sizes[0],
        answer_bytes=sizes[1],
        outcome=outcome,
        took_ms=took_ms,
        received_at=received_at,
    )
