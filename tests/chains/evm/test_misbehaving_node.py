"""The node client against a server that does everything wrong: nothing crashes it and nothing false passes."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.chains.evm import observed
from strongroom.chains.evm.node import EvmNode
from strongroom.chains.evm.transaction import transaction_hash
from strongroom.kernel.errors import Code, StrongroomError
from tests.chains.evm.test_transaction import EXAMPLE, KEY, sign_elsewhere

SOMEONE = EXAMPLE.to
RAW, RAW_HASH, SIGNATURE = sign_elsewhere(EXAMPLE, KEY)
Answer = Callable[[int], bytes]
"""The whole HTTP answer to the question of that id."""


def http(body: bytes, *, status: str = "200 OK", length: int | None = None, extra: str = "") -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n{extra}\r\n".encode() + body


def result(value: object) -> Answer:
    return lambda number: http(json.dumps({"jsonrpc": "2.0", "id": number, "result": value}).encode())


def plain(body: bytes) -> Answer:
    return lambda _: http(body)


class MisbehavingNode:
    """A real HTTP server that answers every question with ``answer``; None: never."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            number = cast("int", json.loads(await reader.readexactly(size))["id"])
            if self.answer is None:
                await asyncio.sleep(60)
            else:
                writer.write(self.answer(number))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def bad() -> AsyncIterator[MisbehavingNode]:
    misbehaving = MisbehavingNode()
    server = await asyncio.start_server(misbehaving.serve, "127.0.0.1", 0)
    misbehaving.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield misbehaving
    server.close()


async def refusal(bad: MisbehavingNode, *, timeout_s: float = 5.0) -> str:
    async with EvmNode(bad.url, timeout_s=timeout_s) as node:
        with pytest.raises(StrongroomError) as refused:
            await node.balance(SOMEONE)
    assert refused.value.code is Code.NODE_UNAVAILABLE
    assert refused.value.retryable
    return refused.value.detail


def refuses(number: int) -> bytes:
    return http(
        json.dumps({"jsonrpc": "2.0", "id": number, "error": {"code": -32005, "message": "limit\n\x07"}}).encode()
    )


def deep(_: int) -> bytes:
    return http(b"[" * 100_000)


def other_id(number: int) -> bytes:
    return http(json.dumps({"jsonrpc": "2.0", "id": number + 1, "result": "0x1"}).encode())


def text_id(number: int) -> bytes:
    return http(json.dumps({"jsonrpc": "2.0", "id": str(number), "result": "0x1"}).encode())


def other_version(number: int) -> bytes:
    return http(json.dumps({"jsonrpc": "1.0", "id": number, "result": "0x1"}).encode())


def zipped(number: int) -> bytes:
    body = gzip.compress(json.dumps({"jsonrpc": "2.0", "id": number, "result": "0x1"}).encode())
    return http(body, extra="Content-Encoding: gzip\r\n")


def truncated(_: int) -> bytes:
    return http(b'{"jsonrpc": "2.0", "id": 1, "resu')


def cut_off(_: int) -> bytes:
    return http(b'{"jsonrpc": "2.0"', length=5000)


def huge(_: int) -> bytes:
    return http(b"[" + b"0," * 9_000_000 + b"0]")


def moved(_: int) -> bytes:
    return http(b"", status="302 Found", extra="Location: http://127.0.0.1:1/\r\n")


def fails(status: str) -> Answer:
    return lambda _: http(b"oops", status=status)


def bare(answer: bytes) -> Answer:
    return lambda _: answer


MISWRITTEN = ("", "0x", "5", "-0x5", "0x-5", "0x05", "0xzz", "0x" + "f" * 65)
NOT_A_QUANTITY: list[object] = [None, 5, -5, 1.5, True, [], {}, *MISWRITTEN]
NOT_AN_ANSWER = (b"<html>hello</html>", b"", b"null", b"{}", b"\xff\xfe")
GARBAGE: list[Answer] = [
    *map(plain, NOT_AN_ANSWER),
    *(truncated, deep, other_id, text_id, other_version, zipped),
    *map(result, NOT_A_QUANTITY),
]
WRONG: list[tuple[Answer, str]] = [
    (fails("500 Internal Server Error"), "HTTP 500"),
    (fails("429 Too Many Requests"), "HTTP 429"),
    (moved, "HTTP 302"),
    (refuses, r"refuses eth_getBalance: limit   \(-32005\)"),
    (cut_off, "breaks off"),
    (huge, "more than 16777216 bytes"),
    (bare(b""), "breaks off"),
    (bare(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "breaks off"),
    *((answer, "garbage") for answer in GARBAGE),
]


@pytest.mark.parametrize(("answer", "words"), WRONG)
async def test_a_wrong_answer_is_told_as_what_it_is(bad: MisbehavingNode, answer: Answer, words: str) -> None:
    bad.answer = answer
    assert re.search(words, await refusal(bad))


async def test_silence_is_slow_and_absence_is_down(bad: MisbehavingNode) -> None:
    assert await refusal(bad, timeout_s=0.1) == "The node is slow: no answer in 0.1 s."
    bad.url = "http://127.0.0.1:1"
    assert await refusal(bad) == "The node is down: it cannot be reached."


async def test_the_client_recovers_with_its_node(bad: MisbehavingNode) -> None:
    async with EvmNode(bad.url) as node:
        bad.answer = truncated
        with pytest.raises(StrongroomError):
            await node.balance(SOMEONE)
        bad.answer = result("0x10")
        assert await node.balance(SOMEONE) == 16


HASH = "0x" + "ab" * 32
RECEIPT: dict[str, object] = {
    "transactionHash": RAW_HASH,
    "blockNumber": "0x1",
    "blockHash": HASH,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x2",
}
BLOCK: dict[str, object] = {
    "number": "0x7",
    "hash": HASH,
    "parentHash": HASH,
    "timestamp": "0x1",
    "baseFeePerGas": "0x1",
    "transactions": [],
}
TRANSACTION: dict[str, object] = {
    "hash": RAW_HASH,
    "from": "0x" + "11" * 20,
    "nonce": hex(EXAMPLE.nonce),
    "to": EXAMPLE.to,
    "value": hex(EXAMPLE.value_units),
    "input": "0x",
    "gas": hex(EXAMPLE.gas_limit),
    "type": "0x2",
    "chainId": hex(EXAMPLE.chain_id),
    "maxFeePerGas": hex(EXAMPLE.max_fee_per_gas),
    "maxPriorityFeePerGas": hex(EXAMPLE.max_priority_fee_per_gas),
    "accessList": [],
    "yParity": hex(SIGNATURE[64]),
    "r": hex(int.from_bytes(SIGNATURE[:32], "big")),
    "s": hex(int.from_bytes(SIGNATURE[32:64], "big")),
}
FEES: dict[str, object] = {
    "baseFeePerGas": ["0x1", "0x2"],
    "gasUsedRatio": [0.5],
    "reward": [["0x1", "0x2", "0x3"]],
}


def test_the_right_shapes_pass() -> None:
    assert observed.parse_receipt(json.dumps(RECEIPT).encode(), expected_hash=RAW_HASH) is not None
    assert observed.parse_block(json.dumps(BLOCK | {"transactions": [TRANSACTION]}).encode(), number=7) is not None
    assert observed.parse_fee_history(json.dumps(FEES).encode()).next_base_fee_per_gas == 2


@pytest.mark.parametrize(
    "change",
    [{"transactionHash": HASH}, {"status": "0x2"}, {"status": None}, {"gasUsed": "-0x1"}, {"blockHash": "0xab"}],
)
def test_a_receipt_that_cannot_be_true_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StrongroomError, match="garbage"):
        observed.parse_receipt(json.dumps(RECEIPT | change).encode(), expected_hash=RAW_HASH)


@pytest.mark.parametrize(
    "change",
    [{"number": "0x8"}, {"number": None}, {"hash": HASH[:-1]}, {"transactions": [HASH]}, {"transactions": None}],
)
def test_a_block_that_cannot_be_true_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StrongroomError, match="garbage"):
        observed.parse_block(json.dumps(BLOCK | change).encode(), number=7)


@pytest.mark.parametrize(
    "change",
    [{"reward": []}, {"reward": [["0x1"]]}, {"baseFeePerGas": ["0x1"]}, {"gasUsedRatio": []}, {"reward": [[1, 2, 3]]}],
)
def test_a_fee_history_that_cannot_be_true_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(StrongroomError, match="garbage"):
        observed.parse_fee_history(json.dumps(FEES | change).encode())


@pytest.mark.parametrize("field", ["nonce", "value", "to", "maxFeePerGas", "gas", "chainId", "r", "s"])
def test_a_transaction_whose_parts_do_not_give_its_hash_is_refused(field: str) -> None:
    value = str(TRANSACTION[field])
    changed = value[:-1] + ("9" if value[-1] != "9" else "8")
    with pytest.raises(StrongroomError, match="do not give its hash"):
        observed.parse_transaction(json.dumps(TRANSACTION | {field: changed}).encode(), expected_hash=RAW_HASH)


def test_a_sender_who_did_not_sign_is_refused() -> None:
    seen = observed.parse_transaction(json.dumps(TRANSACTION).encode(), expected_hash=RAW_HASH)
    assert seen is not None
    with pytest.raises(StrongroomError, match="did not sign"):
        observed.observed_digest(seen)


OTHER_KINDS: list[dict[str, object]] = [{"type": "0x0"}, {"accessList": [1]}, {"to": None}, {"s": "0x" + "f" * 64}]


@pytest.mark.parametrize("change", OTHER_KINDS)
def test_a_transaction_of_another_kind_has_no_digest(change: dict[str, object]) -> None:
    seen = observed.parse_transaction(json.dumps(TRANSACTION | change).encode(), expected_hash=RAW_HASH)
    assert seen is not None
    assert observed.observed_digest(seen) is None


@pytest.mark.parametrize("value", [HASH, "0x", None, 5, RAW_HASH[:-1]])
async def test_an_accepted_transaction_must_have_our_hash(bad: MisbehavingNode, value: object) -> None:
    assert transaction_hash(RAW) == RAW_HASH
    bad.answer = result(value)
    async with EvmNode(bad.url) as node:
        with pytest.raises(StrongroomError) as refused:
            await node.send_raw(RAW)
    assert refused.value.code is Code.NODE_UNAVAILABLE


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("0x1") | st.just(HASH),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*BLOCK, *RECEIPT]), inner, max_size=6),
    max_leaves=8,
)


@given(values)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_json_crashes_a_reader(value: object) -> None:
    raw = json.dumps(value).encode()
    readers: list[Callable[[], object]] = [
        lambda: observed.parse_head(raw),
        lambda: observed.parse_block(raw, number=7),
        lambda: observed.parse_transaction(raw, expected_hash=RAW_HASH),
        lambda: observed.parse_receipt(raw, expected_hash=RAW_HASH),
        lambda: observed.parse_fee_history(raw),
    ]
    for read in readers:
        if observed.is_null(raw):
            continue
        with pytest.raises(StrongroomError) as refused:
            read()
        assert refused.value.code is Code.NODE_UNAVAILABLE
