"""Tells the provider's back end what happened, from the outbox: at least once, then a dead letter (travel_rule.md 1.3).

A callback's body names a row; what is said is what the row says when it is delivered.
"""

from typing import Any, Final

import msgspec
import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.domain.verifications import Verification
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.bodies import show_verification
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.verifications import find_verification

VERIFICATION_RESULT: Final = "VERIFICATION_RESULT"
TX_REPORT: Final = "TX_REPORT"
ERROR_REPORT: Final = "ERROR_REPORT"
_log = structlog.stdlib.get_logger(__name__)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Of a CALLBACK command: what is to be told, about which row."""

    type: str
    uuid: str


def new_callback(means: Means, kind: str, uuid: str) -> Command:
    """A callback about a verification, for the commit that makes it due."""
    return means.new_command(CommandKind.CALLBACK, msgspec.json.encode(_Body(type=kind, uuid=uuid)))


async def run_callback(*, means: Means, command: Command, carried: object = None) -> None:
    """CALLBACK: deliver it, and try again until its tries are used up."""
    body = msgspec.json.decode(command.body, type=_Body)
    verification = carried if isinstance(carried, Verification) and carried.number else None
    if verification is None:
        verification = await means.database.read(lambda tx: find_verification(tx, body.uuid, cipher=means.cipher))
    if verification is None:
        await commands.give_up(means=means, command=command)
        return
    try:
        await means.backend.deliver(shapes.Callback(callback_type=body.type, data=_data(body.type, verification)))
    except StrongroomError as error:
        _log.warning("callback_failed", uuid=body.uuid, kind=body.type, code=error.code.name, attempt=command.attempt)
        if command.attempt + 1 >= means.patience.callback_tries:
            await commands.give_up(means=means, command=command)
        else:
            await commands.postpone(means=means, command=command)
        return
    await commands.finish(means=means, command=command)


def _data(kind: str, verification: Verification) -> Any:  # noqa: ANN401 - each kind of callback has a shape of its own
    if kind == TX_REPORT:
        return {"verificationUuid": verification.uuid, "txHash": verification.tx_hash, "vout": verification.vout}
    if kind == ERROR_REPORT:
        outcome = verification.outcome
        return {
            "verificationUuid": verification.uuid,
            "result": outcome.result.value,
            "reason": outcome.reason,
            "message": outcome.message,
        }
    return show_verification(verification)
