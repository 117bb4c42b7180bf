"""The hops of one transaction, as the services recorded them: whole, signed, under the one root, each by its cause."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pytest

from strongroom.client import Strongroom
from strongroom.kernel.errors import StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TrustRoot, hash_chain
from strongroom.runtime.rpc.chains import decode_chain
from strongroom.runtime.rpc.handoff import Handoff, read_handoff
from tests.fixtures.embedded import OWNERS, Embedded, ended

# Every call that carries a transaction, in the order of the fourteen steps; a report follows the step that it reports.
HOPS = Counter(
    {
        ("gateway", "auth_engine", "Authenticate"): 1,  # 2 to 4
        ("gateway", "transaction_manager", "CreateTransaction"): 1,
        ("transaction_manager", "balances", "CheckBalance"): 1,
        ("balances", "nodes", "GetBalance"): 1,
        ("transaction_manager", "screening", "ScreenTransaction"): 1,
        ("transaction_manager", "screening", "ExchangeTravelRule"): 1,
        ("transaction_manager", "policy_engine", "EvaluateTransaction"): 1,
        ("policy_engine", "transaction_manager", "RecordStep"): 1,  # 6 and 7
        ("policy_engine", "secure_vault", "AdmitTransaction"): 1,
        ("secure_vault", "transaction_manager", "RecordStep"): 2,  # 8, 12
        ("transaction_manager", "nodes", "GetFees"): 1,  # for the payload
        ("secure_vault", "cosigner_engine", "OpenCeremony"): 1,
        ("cosigner_engine", "transaction_manager", "RecordStep"): 3,  # 9, 10, 11
        ("cosigner_engine", "auth_engine", "VerifyPartials"): 1,
        ("cosigner_engine", "secure_vault", "AssembleTransaction"): 1,
        ("secure_vault", "nodes", "BroadcastTransaction"): 1,
        ("nodes", "transaction_manager", "RecordStep"): 1,  # 13
        ("nodes", "transaction_manager", "ConfirmTransaction"): 1,  # 14
    }
)


@dataclass(frozen=True)
class Hop:
    """One row, and the handoff in it, verified."""

    owner: str
    direction: str
    occurred_at: datetime
    handoff: Handoff

    @property
    def arrow(self) -> tuple[str, str, str]:
        return self.handoff.from_service, self.handoff.to_service, self.handoff.method.rpartition("/")[2]


def trust_root(embedded: Embedded) -> TrustRoot:
    return Authority.open(embedded.data_dir / "pki", environment=Environment.SANDBOX, clock=SystemClock()).trust_root()


async def hops_of(embedded: Embedded, transaction_id: UUID) -> list[Hop]:
    """Every row of every service about a transaction; each one's token verified with the certificates beside it."""
    root, found = trust_root(embedded), list[Hop]()
    for owner in OWNERS:
        rows = await embedded.rows(
            owner,
            """select handoff_id, transaction_id, from_service, to_service, method, cert_chain_hash, payload_hash,
                parents, token, direction, occurred_at, (
                    select first.cert_chain from service_handoff_events first
                    where first.cert_chain_hash = event.cert_chain_hash and first.cert_chain is not null limit 1
                ) as cert_chain
            from service_handoff_events event where transaction_id = $1""",
            transaction_id,
        )
        for row in rows:
            token = json.loads(row["token"])["handoff"] if row["direction"] == "receipt" else row["token"]
            chain = decode_chain(row["cert_chain"])
            handoff = read_handoff(token=token, chain=chain, trust_root=root, now=row["occurred_at"])
            assert hash_chain(chain) == row["cert_chain_hash"]
            assert (handoff.handoff_id, handoff.from_service, handoff.to_service, handoff.method) == (
                row["handoff_id"],
                row["from_service"],
                row["to_service"],
                row["method"],
            )
            assert (handoff.payload_hash, list(handoff.parents)) == (row["payload_hash"], row["parents"])
            found.append(Hop(owner, row["direction"], row["occurred_at"], handoff))
    return found


@pytest.fixture
async def hops(embedded: Embedded, client: Strongroom) -> list[Hop]:
    done = ended(client, embedded.send(client))
    assert done["status"] == "COMPLETED"
    return await hops_of(embedded, UUID(done["id"]))


def test_every_hop_is_there(hops: list[Hop]) -> None:
    counted = Counter(hop.arrow for hop in hops)  # a call that was repeated is there again; so is each depth told
    assert (set(counted), HOPS - counted) == (set(HOPS), Counter())
    assert len({hop.handoff.handoff_id for hop in hops}) == len(hops)
    for hop in hops:
        receipted = hop.handoff.to_service == "balances"  # it has no database: its caller keeps its receipt
        assert hop.direction == ("receipt" if receipted else "received")
        assert hop.owner == (hop.handoff.from_service if receipted else hop.handoff.to_service)


def test_hops_form_one_graph_from_the_request_to_the_chain(hops: list[Hop]) -> None:
    by_hash = {hop.handoff.hash: hop for hop in hops}
    assert len(by_hash) == len(hops)
    roots = [hop for hop in hops if not hop.handoff.parents]
    assert [hop.arrow[2] for hop in roots] == ["Authenticate", "CreateTransaction"]
    for hop in hops:
        for parent in hop.handoff.parents:
            assert parent in by_hash, f"{hop.arrow} acts under a handoff that nobody recorded"
            # who acts under a handoff has received it
            assert hop.handoff.from_service == by_hash[parent].handoff.to_service, hop.arrow
            assert by_hash[parent].handoff.issued_at <= hop.handoff.issued_at


def test_a_receipt_is_the_callees_own_word(embedded: Embedded, hops: list[Hop]) -> None:
    (receipt,) = [hop for hop in hops if hop.direction == "receipt"]
    assert receipt.handoff.chain[1] == next(hop for hop in hops if hop.direction == "received").handoff.chain[1]
    assert trust_root(embedded).verify_chain(receipt.handoff.chain, receipt.occurred_at) == "transaction_manager"


def test_a_token_that_was_changed_does_not_verify(embedded: Embedded, hops: list[Hop]) -> None:
    root, one = trust_root(embedded), hops[0]
    head, claims, signature = one.handoff.token.split(".")
    other = next(hop for hop in hops if hop.arrow != one.arrow).handoff.token.split(".")
    for token in (f"{head}.{other[1]}.{signature}", f"{head}.{claims}.{other[2]}"):
        with pytest.raises(StrongroomError):
            read_handoff(token=token, chain=one.handoff.chain, trust_root=root, now=one.occurred_at)
    assert sha256(one.handoff.token.encode()).hexdigest() == one.handoff.hash
