"""Balances through its own door: what suffices, what is missing, what cannot be said."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from strongroom.custody.balances import app
from strongroom.custody.balances.config import BalancesConfig
from strongroom.interfaces.balances.v1 import balances_pb2 as pb
from strongroom.interfaces.balances.v1.balances_pb2_grpc import BalancesStub
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.pki.authority import Authority, new_root
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.context import acting
from tests.fakes.nodes import FakeNodes
from tests.fixtures.tenant import FRIEND

TRANSACTION = UUID("0e1d3a52-7f3e-8b3a-9d7e-0d0f5f4c1b11")
METHOD = "balances.v1.Balances/CheckBalance"


@dataclass
class Scene:
    platform: LocalPlatform
    nodes: FakeNodes

    def __post_init__(self) -> None:
        self.manager = self.platform.host("transaction_manager", kms=MemoryKms())
        self.gateway = self.platform.host("gateway", kms=MemoryKms())

    async def check(self, *, amount: str = "100", fee: str = "10", reserved: str = "0") -> pb.CheckBalanceResponse:
        request = pb.CheckBalanceRequest(
            transaction_id=str(TRANSACTION),
            chain_id=31337,
            address=FRIEND,
            amount_units=amount,
            max_fee_units=fee,
            reserved_units=reserved,
        )
        stub = self.manager.peer(BalancesStub, "balances")
        return await stub.CheckBalance(request, metadata=acting(transaction_id=TRANSACTION, parents=("ab" * 32,)))

    async def refusal(self, **changes: str) -> Code:
        with pytest.raises(StrongroomError) as caught:
            await self.check(**changes)
        return caught.value.code


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    clock = ManualClock()
    authority = Authority.under(new_root(clock), environment=Environment.SANDBOX, clock=clock)
    platform = LocalPlatform(
        issuer=authority,
        trust_root=authority.trust_root(),
        access=Access.load(),
        clock=clock,
        entropy=SystemEntropy(),
        attestor=SoftwareAttestor(),
    )
    nodes = FakeNodes()
    platform.add(nodes.service())
    platform.add(app.build(platform.host("balances", kms=MemoryKms()), BalancesConfig()))
    await platform.start()
    yield Scene(platform, nodes)
    await platform.stop()


@pytest.mark.parametrize(
    ("balance_units", "reserved", "shortfall"),
    [
        (110, "0", ""),
        (109, "0", "INSUFFICIENT_FUNDS_FOR_FEE"),
        (100, "0", "INSUFFICIENT_FUNDS_FOR_FEE"),
        (99, "0", "INSUFFICIENT_FUNDS"),
        (0, "0", "INSUFFICIENT_FUNDS"),
        (310, "200", ""),
        (309, "200", "INSUFFICIENT_FUNDS_FOR_FEE"),
        (110, "1000", "INSUFFICIENT_FUNDS"),
        (2**256 - 1, str(2**256 * 5), "INSUFFICIENT_FUNDS"),
    ],
)
async def test_a_shortfall_says_what_is_missing(
    scene: Scene, balance_units: int, reserved: str, shortfall: str
) -> None:
    scene.nodes.balances[FRIEND] = balance_units
    answer = await scene.check(reserved=reserved)
    assert (answer.shortfall, answer.balance_units) == (shortfall, str(balance_units))


async def test_the_answer_carries_a_receipt_for_this_call_alone(scene: Scene) -> None:
    receipt = (await scene.check()).receipt
    manager = scene.manager
    event = manager.verify_receipt(receipt, service="balances", method=METHOD, transaction_id=TRANSACTION)
    assert (event.from_service, event.to_service, event.direction) == ("transaction_manager", "balances", "receipt")
    for service, method, transaction_id in (
        ("balances", METHOD, None),
        ("balances", "balances.v1.Balances/GetBalance", TRANSACTION),
        ("nodes", METHOD, TRANSACTION),
    ):
        with pytest.raises(StrongroomError) as caught:
            manager.verify_receipt(receipt, service=service, method=method, transaction_id=transaction_id)
        assert caught.value.code is Code.HANDOFF_INVALID


async def test_the_question_to_the_node_names_the_handoff_it_is_asked_under(scene: Scene) -> None:
    await scene.check()
    (call,) = scene.nodes.calls
    assert (call.caller, call.transaction_id) == ("balances", TRANSACTION)
    assert call.handoff is not None
    assert len(call.handoff.parents) == 1
    assert call.handoff.parents != ("ab" * 32,)


async def test_what_cannot_be_read_is_never_enough(scene: Scene) -> None:
    scene.nodes.failure = StrongroomError(Code.NODE_UNAVAILABLE)
    assert await scene.refusal() is Code.NODE_UNAVAILABLE
    scene.nodes.failure = None
    for garbage in ("-1", "1e30", "many", "0x10", str(2**256)):
        scene.nodes.garbage = garbage
        assert await scene.refusal() is Code.NODE_UNAVAILABLE


@pytest.mark.parametrize(
    "changes", [{"amount": "-1"}, {"fee": ""}, {"reserved": "x"}, {"amount": str(2**256)}, {"fee": "1.5"}]
)
async def test_an_amount_that_is_none_is_refused(scene: Scene, changes: dict[str, str]) -> None:
    assert await scene.refusal(**changes) is Code.REQUEST_INVALID
    assert scene.nodes.calls == []


async def test_the_doors_get_the_balance_and_the_block(scene: Scene) -> None:
    scene.nodes.balances[FRIEND] = 5
    stub = scene.gateway.peer(BalancesStub, "balances")
    answer = await stub.GetBalance(pb.GetBalanceRequest(chain_id=31337, address=FRIEND.lower()))
    assert (answer.balance_units, answer.block_number) == ("5", 7)
    with pytest.raises(StrongroomError) as caught:
        await stub.GetBalance(pb.GetBalanceRequest(chain_id=31337, address="0x12"))
    assert caught.value.code is Code.ADDRESS_INVALID
