import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SeededEntropy
from strongroom.runtime.pki import Authority, Identity
from strongroom.runtime.rpc import jws
from strongroom.runtime.rpc.handoff import Handoff, HandoffSigner
from strongroom.runtime.rpc.receipt import RECEIPT, Expected, verify_receipt, write_receipt
from tests.runtime.rpc.echo import new_authority

TRANSACTION = UUID("11111111-1111-4111-8111-111111111111")
EXPECTED: dict[str, Any] = {
    "from_service": "manager",
    "to_service": "balances",
    "method": "balances.v1.Balances/CheckBalance",
    "transaction_id": TRANSACTION,
}


class Receipts:
    """``manager`` asked ``balances``."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.authority: Authority = new_authority(self.clock)

    def identity(self, service: str) -> Identity:
        return Identity.from_issuer(self.authority, service=service, clock=self.clock)

    def handoff(self, service: str = "manager", to: str = "balances") -> Handoff:
        signer = HandoffSigner(
            identity=self.identity(service),
            environment=Environment.SANDBOX,
            clock=self.clock,
            entropy=SeededEntropy(service),
        )
        return signer.sign(to=to, method=EXPECTED["method"], request=b"q", transaction_id=TRANSACTION)

    def write(self, handoff: Handoff | None = None, by: str = "balances") -> bytes:
        return write_receipt(handoff=handoff or self.handoff(), identity=self.identity(by), clock=self.clock)

    def refusal(self, receipt: bytes, **changes: Any) -> str:
        with pytest.raises(StrongroomError) as caught:
            self.verify(receipt, **changes)
        assert caught.value.code is Code.HANDOFF_INVALID
        return caught.value.detail

    def verify(self, receipt: bytes, **changes: Any) -> object:
        expected = Expected(**(EXPECTED | changes))
        return verify_receipt(receipt, expected=expected, trust_root=self.authority.trust_root(), now=self.clock.now())


@pytest.fixture
def receipts() -> Receipts:
    return Receipts()


def test_a_true_receipt_holds_for_a_minute(receipts: Receipts) -> None:
    receipt = receipts.write()
    assert receipts.verify(receipt)
    receipts.clock.advance(61)
    assert "stale" in receipts.refusal(receipt)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"to_service": "nodes"}, "another service's"),
        ({"from_service": "gateway"}, "another caller"),
        ({"method": "balances.v1.Balances/GetBalance"}, "another method"),
        ({"transaction_id": None}, "another transaction"),
    ],
)
def test_a_receipt_for_another_call_is_refused(receipts: Receipts, changes: dict[str, Any], detail: str) -> None:
    assert detail in receipts.refusal(receipts.write(), **changes)


def test_another_service_cannot_write_the_receipt(receipts: Receipts) -> None:
    assert "another service's" in receipts.refusal(receipts.write(by="nodes"))


def test_a_handoff_to_another_service_is_not_acknowledged(receipts: Receipts) -> None:
    assert "another service's" in receipts.refusal(receipts.write(receipts.handoff(to="nodes")))


def test_a_receipt_does_not_fit_another_handoff(receipts: Receipts) -> None:
    receipt = json.loads(receipts.write())
    receipts.clock.advance(1)
    other = receipts.handoff()
    receipt["handoff"], receipt["handoff_chain"] = other.token, json.loads(receipts.write(other))["handoff_chain"]
    assert "another handoff" in receipts.refusal(json.dumps(receipt).encode())


DAMAGE: list[Callable[[dict[str, Any]], object]] = [
    lambda r: r.update(extra=1),
    lambda r: r.pop("chain"),
    lambda r: r.update(receipt=r["handoff"]),
    lambda r: r.update(receipt=r["receipt"][:-4] + "AAAA"),
    lambda r: r.update(chain=r["handoff_chain"]),
]


@pytest.mark.parametrize("change", DAMAGE)
def test_a_damaged_receipt_is_refused(receipts: Receipts, change: Callable[[dict[str, Any]], object]) -> None:
    receipt = json.loads(receipts.write())
    change(receipt)
    assert receipts.refusal(json.dumps(receipt).encode())


def test_a_receipt_in_anothers_name_is_refused(receipts: Receipts) -> None:
    receipt = json.loads(receipts.write(by="nodes"))
    leaf = receipts.authority.issue("nodes")
    claims = json.loads(jws.decode_segment(receipt["receipt"].split(".")[1])) | {"service": "balances"}
    receipt["receipt"] = jws.sign(RECEIPT, json.dumps(claims).encode(), leaf.private_key)
    receipt["chain"] = json.loads(write_receipt_with(receipts, leaf_of=leaf))["chain"]
    assert "another service than its certificate" in receipts.refusal(json.dumps(receipt).encode())


def write_receipt_with(receipts: Receipts, leaf_of: Any) -> bytes:
    identity = Identity(service="nodes", leaf=leaf_of, clock=receipts.clock)
    return write_receipt(handoff=receipts.handoff(), identity=identity, clock=receipts.clock)
