"""A client of one EVM node (Ethereum JSON-RPC over HTTP). Only ``custody.nodes`` may import it.

Every way a node can fail becomes NODE_UNAVAILABLE with a detail that tells which: it cannot be reached, it is too slow,
it refuses to answer, or it answers garbage. What it says about the chain is checked in ``observed``.
"""

import asyncio
import itertools
from typing import Self, final

import msgspec

from strongroom.chains.evm import observed
from strongroom.chains.evm.broadcast import SendAnswer, SendOutcome, classify_send_error
from strongroom.chains.evm.fees import PERCENTILES, FeeHistory
from strongroom.chains.evm.observed import (
    Block,
    Head,
    ObservedTransaction,
    Receipt,
    garbage,
    parse_hash,
    parse_quantity,
)
from strongroom.chains.evm.post import BrokenError, DownError, Poster
from strongroom.chains.evm.transaction import transaction_hash
from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.errors import Code, StrongroomError

_ANSWER_LIMIT_BYTES = 16 * 1024 * 1024
_MESSAGE_LIMIT = 300
_FEE_BLOCKS = 20


class _WireError(msgspec.Struct, frozen=True):
    code: int
    message: str


class _WireAnswer(msgspec.Struct, frozen=True):
    jsonrpc: str
    id: int
    result: msgspec.Raw = msgspec.Raw()  # immutable; empty where the answer has none
    error: _WireError | None = None


class _RefusedError(Exception):
    """The node's own error object."""

    def __init__(self, refusal: _WireError) -> None:
        super().__init__(refusal.message)
        self.code = refusal.code
        self.words = "".join(letter if letter.isprintable() else " " for letter in refusal.message[:_MESSAGE_LIMIT])


@final
class EvmNode:
    """One node: a few kept connections, used from one event loop; close it with ``close`` or ``async with``.

    Args:
        url: where it answers JSON-RPC, ``http`` or ``https``.
        timeout_s: for one whole question, connecting included.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for an impossible URL.
    """

    def __init__(self, url: str, *, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._ids = itertools.count(1)
        self._poster = Poster(url, limit_bytes=_ANSWER_LIMIT_BYTES)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections."""
        self._poster.close()

    async def chain_id(self) -> int:
        """The EIP-155 number of its chain."""
        return await self._quantity("eth_chainId")

    async def head(self) -> Head:
        """The newest block it knows."""
        return observed.parse_head(await self._ask("eth_getBlockByNumber", "latest", False))  # noqa: FBT003  # JSON-RPC has positions

    async def balance(self, address: str) -> int:
        """The balance of an EIP-55 address at the newest block, in wei."""
        return await self._quantity("eth_getBalance", parse_evm_address(address), "latest")

    async def nonce(self, address: str, *, pending: bool = False) -> int:
        """How many transactions the address has sent: mined ones, or with ``pending`` those that wait as well."""
        when = "pending" if pending else "latest"
        return await self._quantity("eth_getTransactionCount", parse_evm_address(address), when)

    async def fee_history(self) -> FeeHistory:
        """What the last blocks paid, for ``fees.decide_fees``."""
        percentiles = list(PERCENTILES.values())
        return observed.parse_fee_history(await self._ask("eth_feeHistory", hex(_FEE_BLOCKS), "latest", percentiles))

    async def block(self, number: int) -> Block | None:
        """Block ``number`` with its transactions; None if it has not got it."""
        return observed.parse_block(await self._ask("eth_getBlockByNumber", hex(number), True), number=number)  # noqa: FBT003

    async def transaction(self, sought_hash: str) -> ObservedTransaction | None:
        """The transaction of that hash, mined or waiting; None proves nothing."""
        raw = await self._ask("eth_getTransactionByHash", sought_hash)
        return observed.parse_transaction(raw, expected_hash=sought_hash)

    async def receipt(self, sought_hash: str) -> Receipt | None:
        """The receipt of a mined transaction; None if it is not mined, or not known."""
        raw = await self._ask("eth_getTransactionReceipt", sought_hash)
        return observed.parse_receipt(raw, expected_hash=sought_hash)

    async def revert_reason(self, transaction: ObservedTransaction, block_number: int) -> str:
        """In the node's own words why a mined transaction was reverted; empty if it gives no reason, or cannot.

        The call is made again on the state before its block, so what came first in that block may change the answer:
        it is for people, and proves nothing.
        """
        question = {
            "from": transaction.sender,
            "to": transaction.to,
            "value": hex(transaction.value_units),
            "input": "0x" + transaction.data.hex(),
        }
        if transaction.signed is not None:
            question["gas"] = hex(transaction.signed[0].gas_limit)
        try:
            await self._call("eth_call", question, hex(max(block_number - 1, 0)))
        except _RefusedError as refused:
            return refused.words
        except StrongroomError:
            return ""
        return ""

    async def send_raw(self, raw: bytes) -> SendAnswer:
        """Hands over a signed transaction; a refusal is an answer, not an error.

        Raises:
            StrongroomError: NODE_UNAVAILABLE; the node may have taken the transaction all the same.
        """
        try:
            result = await self._call("eth_sendRawTransaction", "0x" + raw.hex())
        except _RefusedError as refused:
            return SendAnswer(classify_send_error(refused.code, refused.words), refused.words)
        if parse_hash(observed.decode_shape(result, str, "a hash")) != transaction_hash(raw):
            raise garbage("the hash of another transaction")
        return SendAnswer(SendOutcome.ACCEPTED)

    async def _quantity(self, method: str, *parameters: object) -> int:
        return parse_quantity(observed.decode_shape(await self._ask(method, *parameters), str, "a number"))

    async def _ask(self, method: str, *parameters: object) -> bytes:
        """One question whose refusal is the node's failure."""
        try:
            return await self._call(method, *parameters)
        except _RefusedError as refused:
            detail = f"The node refuses {method}: {refused.words} ({refused.code})."
            raise StrongroomError(Code.NODE_UNAVAILABLE, detail) from refused

    async def _call(self, method: str, *parameters: object) -> bytes:
        number = next(self._ids)
        question = msgspec.json.encode({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})
        answer = observed.decode_shape(await self._exchange(question), _WireAnswer, "the answer")
        if answer.jsonrpc != "2.0" or answer.id != number:
            raise garbage("an answer to another question")
        if answer.error is not None:
            raise _RefusedError(answer.error)
        return bytes(answer.result)

    async def _exchange(self, question: bytes) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s):
                status, body = await self._poster.post(question)
        except TimeoutError as error:
            detail = f"The node is slow: no answer in {self._timeout_s:g} s."
            raise StrongroomError(Code.NODE_UNAVAILABLE, detail) from error
        except DownError as error:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The node is down: it cannot be reached.") from error
        except BrokenError as error:
            raise garbage(str(error)) from error
        if status != 200:
            raise StrongroomError(Code.NODE_UNAVAILABLE, f"The node answers HTTP {status}.")
        return body
