"""A verification that can be read no more ends too: its provider and the counterparty wait for nothing."""

import pytest
import sqlalchemy as sa

from strongroom.travel_rule.enclave.domain.commands import CommandKind
from strongroom.travel_rule.enclave.operations.commands import list_dead
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.schema import verifications, x_row_keys
from tests.fakes.travel_rule_backend import BOB, DAVE, Misbehaviour
from tests.travel_rule.enclave.pair import Pair, Side, faster, order, pair, until, until_true

PATH = "/v1/verifications"


async def damage(side: Side, uuid: str, *, by: str) -> None:
    """Put the key of another verification in its place."""
    of = x_row_keys.c.verification_uuid
    async with side.enclave.means.database.engine.begin() as connection:
        other = (await connection.execute(sa.select(x_row_keys.c.wrapped_key).where(of == by))).scalar_one()
        await connection.execute(sa.update(x_row_keys).where(of == uuid).values(wrapped_key=other))


async def result(side: Side, uuid: str) -> str:
    """What the row says, which no API can read."""
    asked = sa.select(verifications.c.result).where(verifications.c.verification_uuid == uuid)
    async with side.enclave.means.database.engine.connect() as connection:
        return (await connection.execute(asked)).scalar_one()


@pytest.mark.parametrize(("account", "told"), [(BOB, "WAIT"), (DAVE, "PENDING")])
async def test_a_damaged_verification_ends_with_an_error_and_everybody_is_told(
    two_databases: tuple[str, str], account: str, told: str
) -> None:
    async with pair(
        two_databases, change=lambda config: faster(config, answer_within_s=4.0, decide_within_s=4.0)
    ) as made:
        sound = await made.a.verify(order())
        await made.a.final(sound)
        if told == "WAIT":
            made.b.backend.misbehave["verification"] = Misbehaviour(statuses=[500] * 1000)
        uuid = await made.a.verify(order(account=account))
        await until_true(lambda: len(made.b.backend.asked("verification")) > 1)
        await damage(made.a, uuid, by=sound)
        assert (await made.a.get(f"{PATH}/{uuid}", status=500))["code"] == "STATE-DAMAGED"
        callbacks = made.a.backend.callbacks
        await until_true(lambda: [each for each in callbacks("VERIFICATION_RESULT") if each["result"] == "ERROR"])
        said = callbacks("VERIFICATION_RESULT")[-1]
        assert (said["verificationUuid"], said["reason"]) == (uuid, "UNDEFINED-ERROR")
        assert said["ivms101Originator"] is None
        assert await result(made.a, uuid) == "ERROR"
        assert (await made.b.final(uuid))["result"] == "ERROR"
        assert not await list_dead(means=made.a.enclave.means)


async def test_a_command_that_names_no_verification_is_a_dead_letter(enclaves: Pair) -> None:
    means = enclaves.a.enclave.means
    command = means.new_command(CommandKind.VERIFY, b"{}")
    await means.database.run(lambda tx: insert_commands(tx, [command]))
    means.begin([command])
    (dead,) = await until(lambda: list_dead(means=means))
    assert (dead.id, dead.kind) == (command.id, "VERIFY")
