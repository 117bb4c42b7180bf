"""A node asked by the auditor itself: JSON-RPC in batches, nothing remembered, nothing shared with the platform."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

import httpx

from strongroom.apps.verify.books import ChainBook, Seen
from strongroom.kernel.errors import Code, StrongroomError

LONGEST_CHAIN: Final = 100_000
"""Blocks that are read whole; of a longer chain only what the databases name is asked for."""
_BATCH: Final = 100
_TIMEOUT_S: Final = 60.0
_TRIES: Final = 5

Json = dict[str, Any]
Call = tuple[str, tuple[object, ...]]


async def read_chain(url: str, *, chain_id: int, addresses: Iterable[str], longest: int = LONGEST_CHAIN) -> ChainBook:
    """What a chain says of our addresses at one block.

    Args:
        url: of a node.
        chain_id: which it must be.
        addresses: 0x and 40 digits, any case.
        longest: see ``LONGEST_CHAIN``.

    Raises:
        StrongroomError: ``UNAVAILABLE`` if it does not answer, is another chain, or changes its mind all the time.
    """
    ours = sorted({address.lower() for address in addresses})
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client:
        if await _ask_number(client, "eth_chainId") != chain_id:
            raise StrongroomError(Code.UNAVAILABLE, f"The node at {url} is not of chain {chain_id}.")
        for _ in range(_TRIES):
            head = await _ask_number(client, "eth_blockNumber")
            before = await _ask_hash(client, head)
            book = await _read_at(client, chain_id, head, ours, longest)
            if before == await _ask_hash(client, head):
                return book
    raise StrongroomError(Code.UNAVAILABLE, f"Chain {chain_id} is rewritten faster than it can be read.")


async def read_transactions(url: str, hashes: Iterable[str]) -> Mapping[str, Seen]:
    """Those of the transactions that are in a block, by hash.

    Raises:
        StrongroomError: ``UNAVAILABLE``.
    """
    async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client:
        wanted = sorted(set(hashes))
        found = await _ask_all(client, [("eth_getTransactionByHash", (one,)) for one in wanted])
        mined = [one for one in found if one and one.get("blockNumber")]
        return {seen.tx_hash: seen for seen in await _with_receipts(client, mined)}


async def _read_at(client: httpx.AsyncClient, chain_id: int, head: int, ours: Sequence[str], longest: int) -> ChainBook:
    at = hex(head)
    nonces = await _ask_all(client, [("eth_getTransactionCount", (address, at)) for address in ours])
    balances = await _ask_all(client, [("eth_getBalance", (address, at)) for address in ours])
    long = head > longest
    transfers = None if long else await _read_transfers(client, head, frozenset(ours))
    return ChainBook(
        chain_id=chain_id,
        head=head,
        nonces=dict(zip(ours, map(_number, nonces), strict=True)),
        balances=dict(zip(ours, map(_number, balances), strict=True)),
        transfers=transfers,
        unread=f"Chain {chain_id} has {head} blocks; up to {longest} are read." if long else "",
    )


async def _read_transfers(client: httpx.AsyncClient, head: int, ours: frozenset[str]) -> tuple[Seen, ...]:
    found: list[Json] = []
    for start in range(0, head + 1, _BATCH):
        numbers = range(start, min(start + _BATCH, head + 1))
        blocks = await _ask_all(client, [("eth_getBlockByNumber", (hex(number), True)) for number in numbers])
        for block in blocks:
            transactions = cast("list[Json]", block["transactions"]) if block else []
            found += [one for one in transactions if one["from"].lower() in ours or (one["to"] or "").lower() in ours]
    return await _with_receipts(client, found)


async def _with_receipts(client: httpx.AsyncClient, transactions: Sequence[Json]) -> tuple[Seen, ...]:
    receipts = await _ask_all(client, [("eth_getTransactionReceipt", (one["hash"],)) for one in transactions])
    return tuple(_seen(one, receipt) for one, receipt in zip(transactions, receipts, strict=True) if receipt)


def _seen(transaction: Json, receipt: Json) -> Seen:
    try:
        return Seen(
            tx_hash=transaction["hash"].lower(),
            block_number=_number(transaction["blockNumber"]),
            sender=transaction["from"].lower(),
            to=(transaction["to"] or "").lower(),
            nonce=_number(transaction["nonce"]),
            value_units=_number(transaction["value"]),
            fee_units=_number(receipt["gasUsed"]) * _number(receipt["effectiveGasPrice"]),
            succeeded=_number(receipt["status"]) == 1,
            raw_input=transaction["input"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise StrongroomError(Code.UNAVAILABLE, f"The node describes a transaction badly: {error!r}.") from None


async def _ask_number(client: httpx.AsyncClient, method: str) -> int:
    return _number((await _ask_all(client, [(method, ())]))[0])


async def _ask_hash(client: httpx.AsyncClient, number: int) -> str:
    block = (await _ask_all(client, [("eth_getBlockByNumber", (hex(number), False))]))[0]
    return str(block["hash"]) if block else ""


def _number(value: object) -> int:
    try:
        return int(str(value), 16)
    except ValueError:
        raise StrongroomError(Code.UNAVAILABLE, f"The node answers {str(value)[:40]!r} for a number.") from None


async def _ask_all(client: httpx.AsyncClient, calls: Sequence[Call]) -> list[Any]:
    """The result of each call, in order."""
    results: list[Any] = []
    for start in range(0, len(calls), _BATCH):
        results += await _ask_batch(client, calls[start : start + _BATCH])
    return results


async def _ask_batch(client: httpx.AsyncClient, calls: Sequence[Call]) -> list[Any]:
    questions = [
        {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        for number, (method, params) in enumerate(calls)
    ]
    try:
        response = await client.post("", json=questions)
        answers = cast("list[Json]", response.raise_for_status().json())
        by_id = {answer["id"]: answer["result"] for answer in answers}
        return [by_id[number] for number in range(len(calls))]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise StrongroomError(Code.UNAVAILABLE, f"The node does not answer {calls[0][0]}: {error!r}.") from None
