"""Tells the provider's back end what happened, from the outbox: at least once, then a dead letter (travel_rule.md 1.3).

A callback's body names a row; what is said is what the row says when it is delivered.
"""

from typing import Any, Final

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.commands import Command, CommandKind
from strongroom.travel_rule.enclave.domain.verifications import Verification
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.assessment_results import TOLD, find_told
from strongroom.travel_rule.enclave.operations.bodies import show_verification
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.verifications import find_outline, find_verification

VERIFICATION_RESULT: Final = "VERIFICATION_RESULT"
TX_REPORT: Final = "TX_REPORT"
ERROR_REPORT: Final = "ERROR_REPORT"
_log = structlog.stdlib.get_logger(__name__)


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """Of a CALLBACK command: what is to be told, about which row."""

    type: str
    uuid: str


def new_callback(*, means: Means, kind: str, uuid: str) -> Command:
    """A callback about a verification or an assessment, for the commit that makes it due."""
    return means.new_command(CommandKind.CALLBACK, msgspec.json.encode(_Body(type=kind, uuid=uuid)))


async def run_callback(*, means: Means, command: Command, carried: object = None) -> None:
    """CALLBACK: deliver it, and try again until its tries are used up."""
    body = msgspec.json.decode(command.body, type=_Body)
    data = await _find_data(means, body, carried)
    if data is None:
        await commands.give_up(means=means, command=command)
        return
    try:
        await means.backend.deliver(shapes.Callback(callback_type=body.type, data=data))
    except StrongroomError as error:
        _log.warning("callback_failed", uuid=body.uuid, kind=body.type, code=error.code.name, attempt=command.attempt)
        if command.attempt + 1 >= means.patience.callback_tries:
            await commands.give_up(means=means, command=command)
        else:
            await commands.postpone(means=means, command=command)
        return
    await commands.finish(means=means, command=command)


async def _find_data(means: Means, body: _Body, carried: object) -> Any:  # noqa: ANN401 - as ``_data``
    """What is to be told; None when the row is gone."""
    if body.type in TOLD:
        return await find_told(means=means, kind=body.type, request_id=body.uuid)
    if isinstance(carried, Verification) and carried.number:
        return _data(body.type, carried)
    try:
        found = await means.database.read(lambda tx: find_verification(tx, body.uuid, cipher=means.cipher))
    except StrongroomError as error:
        if error.code is not Code.STATE_DAMAGED:
            raise
        found = await means.database.read(lambda tx: find_outline(tx, body.uuid))  # the result is told in any case
    return None if found is None else _data(body.type, found)


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
