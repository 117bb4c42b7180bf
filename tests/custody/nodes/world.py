"""The nodes service over its own database, a real chain behind a proxy, and a manager that notes what it is told."""

import asyncio
from collections.abc import Callable
from typing import Any, final
from uuid import uuid4

import httpx
from eth_account import Account

import strongroom.custody.nodes as service
from strongroom.chains.evm.transaction import Eip1559Transaction, signing_digest
from strongroom.custody.nodes.app import build
from strongroom.custody.nodes.config import NodesConfig
from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesStub
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as manager_pb
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database
from tests.chains.evm.oracle import address_elsewhere, sign_elsewhere
from tests.fakes.proxy_node import ProxyNode
from tests.fakes.transaction_manager import FakeManager
from tests.fixtures.platform import Stage, on_behalf, open_database
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND, TENANT

CHAIN_ID = 31337
ETHER = 10**18
QUICK: dict[str, Any] = {"poll_s": 0.01, "timeout_s": 2.0, "refused_retry_s": 0.02, "unseen_resend_s": 30.0}


def make_manager(kind: Any = FakeManager, **given: Any) -> FakeManager:
    """A manager; the generated stubs call a servicer abstract that leaves any method out."""
    made: FakeManager = kind(**given)
    return made


@final
class World:
    """One process; ``successor`` is the next one over the same database."""

    def __init__(
        self, database: Database, node: ProxyNode, *, manager: FakeManager | None = None, **config: Any
    ) -> None:
        self.database, self.node, self.manager = database, node, manager or make_manager()
        self.stage = Stage(SystemClock())
        host = self.stage.host("nodes", database)
        self.stage.add(build(host, NodesConfig(chains={str(CHAIN_ID): node.url}, **(QUICK | config))))
        self.stage.add(self.manager.service())
        self.vault = self.stage.peer(NodesStub, "nodes", caller="secure_vault")
        self.balances = self.stage.peer(NodesStub, "nodes", caller="balances")
        self.transaction_manager = self.stage.peer(NodesStub, "nodes", caller="transaction_manager")

    @classmethod
    async def open(cls, databases: Databases, node: ProxyNode, **given: Any) -> "World":
        world = cls(await open_database(databases, service), node, **given)
        await world.stage.start()
        return world

    async def successor(self, **config: Any) -> "World":
        """Another process over the same database."""
        world = World(self.database, self.node, manager=self.manager, **config)
        await world.stage.start()
        return world

    async def broadcast(self, transfer: "Transfer", **changes: Any) -> None:
        message = transfer.message(**changes)
        await self.vault.BroadcastTransaction(message, metadata=on_behalf(message.transaction_id))

    async def watch_slot(self, transfer: "Transfer", **changes: Any) -> None:
        """Watch a digest that was released and shall not land."""
        given: dict[str, Any] = {
            "tenant_id": TENANT,
            "transaction_id": str(transfer.id),
            "chain_id": CHAIN_ID,
            "sender": transfer.sender,
            "nonce": transfer.transaction.nonce,
            "digest": signing_digest(transfer.transaction),
            **changes,
        }
        await self.transaction_manager.WatchSlot(pb.WatchSlotRequest(**given), metadata=on_behalf(transfer.id))

    def confirmations(self, transfer: "Transfer") -> list[manager_pb.ConfirmTransactionRequest]:
        """What the manager was told of a transfer on chain."""
        return [one for one in self.manager.confirmations if one.transaction_id == str(transfer.id)]

    def depths(self, transfer: "Transfer") -> list[int]:
        return [one.confirmations for one in self.confirmations(transfer)]

    async def outcomes(self) -> list[str]:
        rows = await self.database.fetch("select outcome from broadcast_outcomes order by id")
        return [row["outcome"] for row in rows]

    async def looked(self) -> None:
        """Wait until the chain was looked at once more from beginning to end."""
        seen = self.node.looks
        await until(lambda: self.node.looks > seen + 1)

    async def is_closed(self, transfer: "Transfer") -> bool:
        return await self.database.fetchval(
            "select closed_at is not null from watches where transaction_id = $1", transfer.id
        )

    async def count(self, table: str) -> int:
        return int(await self.database.fetchval(f"select count(*) from {table}"))  # noqa: S608 - a table's name


@final
class Transfer:
    """A signed transfer of a key that the test made."""

    def __init__(
        self, key: bytes, *, nonce: int = 0, value_units: int = 5, fee_per_gas: int = 10**11, gas_limit: int = 21_000
    ) -> None:
        self.id, self.key = uuid4(), key
        self.sender = address_elsewhere(key)
        self.transaction = Eip1559Transaction(
            chain_id=CHAIN_ID,
            nonce=nonce,
            max_priority_fee_per_gas=min(10**9, fee_per_gas),
            max_fee_per_gas=fee_per_gas,
            gas_limit=gas_limit,
            to=FRIEND,
            value_units=value_units,
        )
        self.raw, self.hash, _ = sign_elsewhere(self.transaction, key)

    def message(self, **changes: Any) -> pb.BroadcastTransactionRequest:
        given: dict[str, Any] = {
            "tenant_id": TENANT,
            "transaction_id": str(self.id),
            "attempt": 0,
            "chain_id": CHAIN_ID,
            "raw_transaction": self.raw,
            "sender": self.sender,
            "nonce": self.transaction.nonce,
            "digest": signing_digest(self.transaction),
        }
        return pb.BroadcastTransactionRequest(**(given | changes))


@final
class Chain:
    """The real chain in the hands of the test: blocks come when it says so."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, method: str, *parameters: Any) -> Any:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = (await self._client.post(self.url, json=question)).json()
        assert "result" in answer, answer
        return answer["result"]

    async def key(self, *, units: int = 100 * ETHER) -> bytes:
        """A fresh key whose address holds that much."""
        key = bytes(Account.create().key)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        await self.ask("anvil_setBalance", address_elsewhere(key), hex(units))
        return key

    async def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            await self.ask("evm_mine")

    async def height(self) -> int:
        return int(await self.ask("eth_blockNumber"), 16)

    async def block_of(self, tx_hash: str) -> str | None:
        receipt = await self.ask("eth_getTransactionReceipt", tx_hash)
        return None if receipt is None else str(receipt["blockHash"])


async def until(holds: Callable[[], Any], *, timeout_s: float = 10.0) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = holds()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.005)
