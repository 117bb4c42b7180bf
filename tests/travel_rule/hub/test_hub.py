"""The hub carries what it cannot read, for whom it knows, and tells who is down."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database
from strongroom.runtime.http import HttpClient, Origin, client_context
from strongroom.runtime.pki import tls_host_name
from strongroom.travel_rule.enclave.peers import Health, Hub
from strongroom.travel_rule.hub.domain import Outcome
from strongroom.travel_rule.hub.store import list_passages
from strongroom.travel_rule.messages import (
    HUB_SERVICE,
    MESSAGE_BYTES_MAX,
    VaspStatus,
    parse_envelope,
)
from tests.fixtures.logs import listening
from tests.fixtures.postgres import Databases
from tests.fixtures.travel_rule_network import (
    HUB_FOLDER,
    SANDBOX,
    Enclave,
    Network,
    Send,
    eventually,
    free_port,
    send_answer,
)
from tests.travel_rule.hub.answers import ASKED, SAID, say

ANNA, BORIS = "1001", "18446744073709551615"


@dataclass(frozen=True)
class Town:
    network: Network
    database: Database
    anna: Enclave
    boris: Enclave

    def hub_of_anna(self, port: int, *, directory_s: float = 60.0) -> Hub:
        return self.anna.hub(port, authority_key=self.network.authority.public_key, directory_s=directory_s)

    @asynccontextmanager
    async def asking(self, *, counterparty_s: float = 60.0) -> AsyncGenerator[Hub]:
        """A hub that runs, as Anna sees it."""
        async with self.network.hub(self.database, counterparty_s=counterparty_s) as port:
            hub = self.hub_of_anna(port)
            yield hub
            await hub.close()


@pytest.fixture
async def town(databases: Databases, tmp_path: Path) -> Town:
    """Two members in a directory; nothing runs yet."""
    database = await databases.open(
        "travel_rule_hub", migrations=HUB_FOLDER / "migrations", grants=HUB_FOLDER / "grants.sql"
    )
    network = Network(tmp_path)
    anna, boris = (network.member(number, port=free_port(), answer=say) for number in (ANNA, BORIS))
    boris.senders[ANNA] = anna.record
    await network.enrol(database, anna, boris)
    return Town(network, database, anna, boris)


async def refusal(hub: Hub, message: bytes, *, to_vasp: str = BORIS) -> StrongroomError:
    with pytest.raises(StrongroomError) as error:
        await hub.exchange(to_vasp, message)
    return error.value


async def test_a_message_and_its_answer_are_carried_and_only_metadata_is_kept(town: Town) -> None:
    with listening("hub", level="DEBUG") as log:
        async with town.boris.running(), town.asking() as hub:
            pending = town.anna.ask(ASKED, town.boris)
            answer = await hub.exchange(BORIS, pending.message)
            assert town.anna.hear(answer, pending, town.boris) == SAID
            assert town.boris.taken == [pending.message]
    (passage,) = await list_passages(town.database, limit=10)
    assert (passage.from_vasp, passage.to_vasp, passage.kind) == (ANNA, BORIS, "account_check")
    assert (passage.message_id, passage.outcome) == (pending.header.message_id, Outcome.ANSWERED)
    assert (passage.question_bytes, passage.answer_bytes) == (len(pending.message), len(answer))
    kept = await everything(town.database) + log.getvalue().encode()
    for part in pieces(parse_envelope(pending.message).body) + pieces(parse_envelope(answer).body) + [b"Hong"]:
        assert part not in kept
        assert part.hex().encode() not in kept


def pieces(body: bytes) -> list[bytes]:
    """Parts of a body, long enough to be found nowhere else by chance."""
    return [body[place : place + 8] for place in range(0, len(body) - 8, 64)]


async def everything(database: Database) -> bytes:
    """Every value of every table that the hub owns, as bytes."""
    found = b""
    for table in ("vasps", "vasp_health", "relayed_messages"):
        rows = await database.fetch(f"select to_jsonb(t)::text as text from {table} t")  # noqa: S608
        found += b"".join(row["text"].encode() for row in rows)
    return found


async def test_the_directory_says_who_there_is_and_who_is_up(town: Town) -> None:
    plain = town.network.member("7", port=1, answer=say, status=VaspStatus.VERIFIED)
    await town.network.enrol(town.database, plain)
    async with town.asking() as hub:

        async def health_is(**wanted: Health) -> bool:
            found = {entry.record.vasp_id: entry.health for entry in await hub.vasps()}
            return {"anna": found[ANNA], "boris": found[BORIS]} == wanted

        entries = await hub.vasps()
        assert [entry.record.vasp_id for entry in entries] == ["7", ANNA, BORIS]
        assert [entry.record.status for entry in entries] == ["VERIFIED", "VERIFIED-MEMBER", "VERIFIED-MEMBER"]
        assert entries[1].record == town.anna.record
        async with town.boris.running():
            await eventually(lambda: health_is(anna=Health.DOWN, boris=Health.UP))
        await eventually(lambda: health_is(anna=Health.DOWN, boris=Health.DOWN))
        pending = town.anna.ask(ASKED, plain)
        assert (await refusal(hub, pending.message, to_vasp="7")).code is Code.VASP_UNKNOWN


async def test_a_hub_that_is_down_is_told_from_a_counterparty_that_is(town: Town) -> None:
    pending = town.anna.ask(ASKED, town.boris)
    async with town.network.hub(town.database) as port:
        hub = town.hub_of_anna(port)
        assert (await refusal(hub, pending.message)).code is Code.COUNTERPARTY_UNAVAILABLE
        assert await hub.record(BORIS) == town.boris.record
    down = await refusal(hub, pending.message)
    assert down.code is Code.HUB_UNAVAILABLE
    assert down.retryable
    async with town.boris.running(), town.network.hub(town.database, port=port):
        answer = await hub.exchange(BORIS, pending.message)  # the same client goes on when both are there again
        assert town.anna.hear(answer, pending, town.boris) == SAID
    await hub.close()
    outcomes = [passage.outcome for passage in await list_passages(town.database, limit=10)]
    assert outcomes == [Outcome.ANSWERED, Outcome.COUNTERPARTY_UNAVAILABLE]


async def test_a_hub_whose_database_is_gone_goes_on_carrying(town: Town) -> None:
    async with town.boris.running(), town.asking() as hub:
        await town.database.close()
        for _ in range(2):
            pending = town.anna.ask(ASKED, town.boris)
            answer = await hub.exchange(BORIS, pending.message)
            assert town.anna.hear(answer, pending, town.boris) == SAID
        assert [entry.record.vasp_id for entry in await hub.vasps()] == [ANNA, BORIS]


async def test_a_counterparty_that_is_slow_ill_or_unwilling_is_named(town: Town) -> None:
    pending, released = town.anna.ask(ASKED, town.boris), asyncio.Event()

    async def late(send: Send) -> None:
        await released.wait()
        await send_answer(send, b"")

    def answering(status: int) -> Any:
        async def answer(send: Send) -> None:
            await send_answer(send, b"no", status=status)

        return answer

    cases = (
        (late, Code.COUNTERPARTY_UNAVAILABLE),
        (answering(500), Code.COUNTERPARTY_UNAVAILABLE),
        (answering(429), Code.COUNTERPARTY_UNAVAILABLE),
        (answering(400), Code.COUNTERPARTY_REFUSED),
    )
    async with town.boris.running(), town.asking(counterparty_s=0.5) as hub:
        for misbehaviour, code in cases:
            town.boris.misbehaviour = misbehaviour
            assert (await refusal(hub, pending.message)).code is code
        released.set()


async def test_only_the_sender_itself_has_its_message_carried(town: Town) -> None:
    async with town.boris.running(), town.asking() as hub:
        by_boris = town.boris.ask(ASKED, town.anna)
        refused = await refusal(hub, by_boris.message, to_vasp=ANNA)
        assert (refused.code, refused.detail) == (
            Code.FORBIDDEN,
            "The message is another VASP's than the certificate names.",
        )
        misaddressed = await refusal(hub, town.anna.ask(ASKED, town.boris).message, to_vasp="1002")
        assert misaddressed.code is Code.TRAVEL_RULE_MESSAGE_INVALID
        answer = await hub.exchange(BORIS, town.anna.ask(ASKED, town.boris).message)
        assert (await refusal(hub, answer)).code is Code.FORBIDDEN
        stranger = town.anna.ask(ASKED, town.network.member("1003", port=1, answer=say))
        assert (await refusal(hub, stranger.message, to_vasp="1003")).code is Code.VASP_UNKNOWN
    assert len(town.boris.taken) == 1


async def test_an_answer_is_not_carried_as_a_question(town: Town) -> None:
    async with town.boris.running(), town.asking() as hub:
        pending = town.anna.ask(ASKED, town.boris)
        header = msgspec.structs.replace(parse_envelope(pending.message).header, answers=pending.header.message_id)
        wire = msgspec.msgpack.decode(pending.message)
        forged = msgspec.msgpack.encode([msgspec.msgpack.encode(header), *wire[1:]])
        refused = await refusal(hub, forged)
        assert (refused.code, refused.detail) == (
            Code.TRAVEL_RULE_MESSAGE_INVALID,
            "Only questions are carried; answers come back.",
        )


async def test_a_message_that_is_none_or_too_long_is_refused(town: Town) -> None:
    async with town.boris.running(), town.asking() as hub:
        for message in (b"", b"hello", town.anna.ask(ASKED, town.boris).message[:-1], bytes(MESSAGE_BYTES_MAX + 1)):
            assert (await refusal(hub, message)).code is Code.TRAVEL_RULE_MESSAGE_INVALID
    assert town.boris.taken == []


async def test_a_certificate_of_a_stranger_or_of_an_old_key_is_refused(town: Town) -> None:
    pending = town.anna.ask(ASKED, town.boris)
    stranger = town.network.member("1003", port=1, answer=say)
    async with town.network.hub(town.database) as port:
        hub = stranger.hub(port, authority_key=town.network.authority.public_key)
        assert (await refusal(hub, stranger.ask(ASKED, town.boris).message)).code is Code.FORBIDDEN
        with pytest.raises(StrongroomError) as error:
            await hub.vasps()
        assert error.value.code is Code.FORBIDDEN
        await hub.close()
        old = town.hub_of_anna(port)  # read the old certificate's files before they are replaced
        renewed = town.network.member(ANNA, port=town.anna.port, answer=say)
        await town.network.enrol(town.database, renewed)

        async def is_refused() -> bool:
            with pytest.raises(StrongroomError) as error:
                await old.exchange(BORIS, pending.message)
            return error.value.code is Code.FORBIDDEN

        await eventually(is_refused)
        await old.close()


async def test_a_counterparty_that_shows_another_key_than_its_record_gets_nothing(town: Town) -> None:
    async with town.asking() as hub:
        town.network.member(BORIS, port=town.boris.port, answer=say)  # another key in its folder, not enrolled
        async with town.boris.running():
            assert (await refusal(hub, town.anna.ask(ASKED, town.boris).message)).code is Code.COUNTERPARTY_UNAVAILABLE
    assert town.boris.taken == []


async def test_records_that_the_authority_did_not_sign_or_that_are_older_are_not_enrolled(
    town: Town, tmp_path: Path
) -> None:
    impostor = Network(tmp_path / "impostor").member("1004", port=1, answer=say)
    with pytest.raises(StrongroomError) as error:
        await town.network.enrol(town.database, impostor)
    assert error.value.code is Code.VASP_RECORD_INVALID
    with pytest.raises(StrongroomError) as error:
        await town.network.enrol(town.database, town.anna)
    assert error.value.code is Code.CONFLICT


async def test_an_enclave_believes_the_authority_and_not_the_hub(town: Town, tmp_path: Path) -> None:
    other = Network(tmp_path / "other")
    async with town.network.hub(town.database) as port:
        hub = town.anna.hub(port, authority_key=other.authority.public_key)
        assert await hub.vasps() == ()
        with pytest.raises(StrongroomError) as error:
            await hub.record(BORIS)
        assert error.value.code is Code.VASP_UNKNOWN
        await hub.close()


async def test_an_enclave_does_not_go_back_to_an_older_record(town: Town) -> None:
    renewed = town.network.member(BORIS, port=town.boris.port, answer=say)
    async with town.network.hub(town.database) as port:
        hub = town.hub_of_anna(port, directory_s=0.0)
        await town.network.enrol(town.database, renewed)

        async def is_renewed() -> bool:
            return any(entry.record == renewed.record for entry in await hub.vasps())

        await eventually(is_renewed)
        await roll_back(town.database, town.boris)

        async def is_dropped() -> bool:
            return [entry.record.vasp_id for entry in await hub.vasps()] == [ANNA]

        await eventually(is_dropped)
        assert await hub.record(BORIS) == renewed.record
        await hub.close()


async def roll_back(database: Database, member: Enclave) -> None:
    """What a dishonest hub would do."""
    async with database.transaction() as tx:
        await tx.execute("update vasps set record = $2 where vasp_id = $1", member.vasp_id, member.signed)


async def test_nothing_is_open_without_a_certificate_and_little_with_one(town: Town) -> None:
    async with town.network.hub(town.database) as port:
        tls = client_context(town.anna.tls_folder)
        origin = Origin(host="127.0.0.1", port=port, tls=tls, server_name=tls_host_name(SANDBOX, HUB_SERVICE))
        client = HttpClient(origin)
        for method, path, status in (
            ("GET", "/v1/health", 200),
            ("GET", "/v1/messages/1001", 404),
            ("DELETE", "/v1/vasps", 404),
            ("GET", "/", 404),
        ):
            assert (await client.call(method, path, timeout_s=60.0)).status == status
        await client.close()
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bare.load_verify_locations(town.anna.tls_folder / "root.pem")
        client = HttpClient(replace(origin, tls=bare))
        with pytest.raises(Exception, match="connection"):
            await client.call("GET", "/v1/health", timeout_s=60.0)
        await client.close()
