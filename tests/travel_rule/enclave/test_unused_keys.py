"""Keys that counterparties ask for and never use do not fill the database, and who still uses one is healed."""

import sqlalchemy as sa

from strongroom.travel_rule.enclave.operations.own_keys import forget_unused_keys
from strongroom.travel_rule.enclave.store.schema import own_keys
from tests.fakes.travel_rule_backend import BOB, CAROL
from tests.travel_rule.enclave.pair import B, MovedClock, Pair, Side, faster, order, pair, until

KEEP_S = 7200.0


async def kept(side: Side) -> list[tuple[str, str]]:
    """Type and identifier of every own key."""
    async with side.enclave.means.database.engine.connect() as connection:
        rows = await connection.execute(sa.select(own_keys.c.type, own_keys.c.key_identifier))
        return sorted((row[0], row[1]) for row in rows)


async def check(made: Pair, key_type: str, account: str) -> None:
    payload = {"beneficiary": {"accountNumber": [account]}}
    await made.a.post(
        "/v1/verifications/account",
        {"keyType": key_type, "beneficiaryVaspId": B, "symbol": "ETH", "payload": {"ivms101": payload}},
    )


async def _is_tidy(side: Side, number: int) -> bool:
    return len(await kept(side)) == number


async def test_keys_that_no_verification_came_for_go_after_their_time(two_databases: tuple[str, str]) -> None:
    clock = MovedClock(longest_s=0.2)
    async with pair(two_databases, clock=clock, change=lambda set_: faster(set_, keep_unused_keys_s=KEEP_S)) as made:
        means = made.b.enclave.means
        uuid = await made.a.verify(order(key_type="PerVerification"))
        await made.a.final(uuid)
        await made.a.final(await made.a.verify(order(key_type="PerAddress")))
        for _ in range(3):
            await check(made, "PerVerification", BOB)
            await check(made, "PerAddress", CAROL)
        used = [("PerAddress", BOB), ("PerVasp", B), ("PerVerification", uuid)]
        assert len(await kept(made.b)) == len(used) + 3 + 1
        clock.ahead_s += KEEP_S - 60
        assert await forget_unused_keys(means=means, keep_s=KEEP_S) == 0
        assert len(await kept(made.b)) == len(used) + 3 + 1
        clock.ahead_s += 120
        await check(made, "PerVerification", BOB)  # a young one stays
        await until(lambda: _is_tidy(made.b, len(used) + 1))
        assert set(used) < set(await kept(made.b))
        # who still seals to the key of an address that went is told so, and asks for another
        await check(made, "PerAddress", CAROL)
        assert ("PerAddress", CAROL) in await kept(made.b)
