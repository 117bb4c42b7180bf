"""The call that a handler is answering."""

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.rpc.handoff import Handoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One verified call.

    Args:
        caller: the service that calls, as its certificate names it.
        method: ``<package>.v1.<Service>/<Method>``.
        handoff: the verified handoff; None only on a stream, whose messages carry theirs.
        given_context: for whom, where the caller said so.
        occurred_at: when it was verified; aware.
    """

    caller: str
    method: str
    handoff: Handoff | None
    given_context: CallContext | None
    occurred_at: datetime

    @property
    def transaction_id(self) -> UUID | None:
        """The transaction that the call carries."""
        return None if self.handoff is None else self.handoff.transaction_id

    @property
    def context(self) -> CallContext:
        """For whom the call is made; ``REQUEST_INVALID`` without a tenant, so that a forgotten context fails closed."""
        if self.given_context is None:
            raise StrongroomError(Code.REQUEST_INVALID, "the call names no tenant")
        return self.given_context

    @property
    def received(self) -> HandoffEvent:
        """The row for ``insert_handoff``, in the commit of the call's effect; ``HANDOFF_INVALID`` on a stream."""
        if self.handoff is None:
            raise StrongroomError(Code.HANDOFF_INVALID, "a stream's messages carry their own handoffs")
        return self.handoff.event(occurred_at=self.occurred_at)

    @property
    def parents(self) -> tuple[str, ...]:
        """What a call made while answering this one names as ``parents``: this call's handoff."""
        return () if self.handoff is None else (self.handoff.hash,)


CURRENT: Final[ContextVar[Call]] = ContextVar("strongroom_current_call")


def current_call() -> Call:
    """The call being answered by this task; ``INTERNAL`` outside a handler."""
    call = CURRENT.get(None)
    if call is None:
        raise StrongroomError(Code.INTERNAL, "no call is being answered here")
    return call
