"""Each check of trust.md 8 has a handoff here that fails it and nothing else."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SeededEntropy
from strongroom.runtime.pki import Authority, Chain, Identity, Leaf, Signatory, hash_chain, new_root
from strongroom.runtime.rpc import jws
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.handoff import HANDOFF, Handoff, HandoffSigner, HandoffVerifier
from strongroom.runtime.rpc.receipt import RECEIPT
from strongroom.runtime.rpc.replay import ReplayGuard

METHOD = "vault.v1.Vault/Admit"
REQUEST = b"the request"
TRANSACTION = UUID("11111111-1111-4111-8111-111111111111")
PARENTS = ("ab" * 32, "cd" * 32)
ACCESS = Access.parse(f'[rpc."{METHOD}"]\ncallers = ["engine"]\ntransaction = true')


@dataclass
class Hop:
    """``engine`` calls ``vault``."""

    clock: ManualClock
    root: Signatory
    authority: Authority
    verifier: HandoffVerifier

    def signer(self, service: str = "engine", authority: Authority | None = None) -> HandoffSigner:
        issuer = authority or self.authority
        identity = Identity.from_issuer(issuer, service=service, clock=self.clock)
        return HandoffSigner(
            identity=identity, environment=issuer.environment, clock=self.clock, entropy=SeededEntropy(service)
        )

    def sign(self, signer: HandoffSigner | None = None, **changes: Any) -> Handoff:
        call: dict[str, Any] = {
            "to": "vault",
            "method": METHOD,
            "request": REQUEST,
            "transaction_id": TRANSACTION,
            "parents": PARENTS,
        }
        return (signer or self.signer()).sign(**(call | changes))

    def verify(self, handoff: Handoff, **changes: Any) -> Handoff:
        call: dict[str, Any] = {
            "token": handoff.token,
            "chain": handoff.chain,
            "method": METHOD,
            "request": REQUEST,
        }
        return self.verifier.verify(**(call | changes))

    def forge(self, leaf: Leaf, change: Callable[[dict[str, Any]], object]) -> Handoff:
        """A handoff whose claims were changed and signed again by ``leaf``."""
        honest = self.sign()
        claims = json.loads(jws.decode_segment(honest.token.split(".")[1]))
        change(claims)
        token = jws.sign(HANDOFF, json.dumps(claims).encode(), leaf.private_key)
        return replace(honest, token=token, chain=leaf.chain)


@pytest.fixture
def hop() -> Hop:
    clock = ManualClock()
    root = new_root(clock)
    authority = Authority.under(root, environment=Environment.SANDBOX, clock=clock)
    verifier = HandoffVerifier(service="vault", trust_root=authority.trust_root(), access=ACCESS, clock=clock)
    return Hop(clock, root, authority, verifier)


def refusal(call: Callable[[], object]) -> tuple[Code, str]:
    with pytest.raises(StrongroomError) as caught:
        call()
    return caught.value.code, caught.value.detail


def test_a_true_handoff_says_what_was_signed(hop: Hop) -> None:
    signed = hop.sign()
    handoff = hop.verify(signed)
    assert handoff == signed
    assert (handoff.from_service, handoff.to_service, handoff.method) == ("engine", "vault", METHOD)
    assert (handoff.transaction_id, handoff.parents) == (TRANSACTION, PARENTS)
    row = handoff.event(occurred_at=hop.clock.now())
    assert row.cert_chain_hash == hash_chain(signed.chain)
    assert (row.token, row.direction, row.handoff_id) == (signed.token, "received", signed.handoff_id)


def test_another_audience_is_refused(hop: Hop) -> None:
    handoff = hop.sign(to="balances")
    assert refusal(lambda: hop.verify(handoff)) == (Code.HANDOFF_INVALID, "the handoff is for another service")


def test_another_method_is_refused(hop: Hop) -> None:
    handoff = hop.sign(method="vault.v1.Vault/Broadcast")
    assert refusal(lambda: hop.verify(handoff)) == (Code.HANDOFF_INVALID, "the handoff is for another method")


def test_another_request_is_refused(hop: Hop) -> None:
    expected = (Code.HANDOFF_INVALID, "the handoff is for another request")
    assert refusal(lambda: hop.verify(hop.sign(), request=b"the request!")) == expected


def test_another_context_is_refused(hop: Hop) -> None:
    expected = (Code.HANDOFF_INVALID, "the handoff is for another context")
    assert refusal(lambda: hop.verify(hop.sign(context_hash="ab" * 32), context_hash="cd" * 32)) == expected


def test_a_stale_handoff_is_refused_and_one_of_a_minute_is_not(hop: Hop) -> None:
    kept, stale = hop.sign(), hop.sign()
    stale = hop.sign(hop.signer("engine"), parents=())
    hop.clock.advance(60)
    hop.verify(kept)
    hop.clock.advance(1)
    assert refusal(lambda: hop.verify(stale)) == (Code.HANDOFF_INVALID, "the handoff is stale")


def test_a_handoff_from_the_future_is_refused_beyond_the_skew(hop: Hop) -> None:
    def ahead(seconds: int, unique: str) -> Handoff:
        def change(claims: dict[str, Any]) -> None:
            claims["iat"] += seconds
            claims["jti"] = unique * 32

        return hop.forge(hop.authority.issue("engine"), change)

    hop.verify(ahead(5, "a"))
    expected = (Code.HANDOFF_INVALID, "the handoff was issued in the future")
    assert refusal(lambda: hop.verify(ahead(6, "b"))) == expected


def test_a_replay_is_refused(hop: Hop) -> None:
    handoff = hop.sign()
    hop.verify(handoff)
    hop.clock.advance(59)
    assert refusal(lambda: hop.verify(handoff))[0] is Code.HANDOFF_REPLAYED


def test_a_refused_handoff_does_not_use_up_its_id(hop: Hop) -> None:
    handoff = hop.sign()
    refusal(lambda: hop.verify(handoff, request=b"tampered"))
    assert hop.verify(handoff)


def test_a_foreign_root_is_refused(hop: Hop) -> None:
    foreign = Authority.under(new_root(hop.clock), environment=Environment.SANDBOX, clock=hop.clock)
    handoff = hop.sign(hop.signer(authority=foreign))
    expected = (Code.HANDOFF_INVALID, "the certificate chain does not lead to the root")
    assert refusal(lambda: hop.verify(handoff)) == expected


def test_a_mixed_chain_is_refused(hop: Hop) -> None:
    foreign = Authority.under(new_root(hop.clock), environment=Environment.SANDBOX, clock=hop.clock)
    handoff = hop.sign(hop.signer(authority=foreign))
    mixed = (handoff.chain[0], hop.authority.issue("engine").chain[1])
    expected = (Code.HANDOFF_INVALID, "the certificate chain does not lead to the root")
    assert refusal(lambda: hop.verify(handoff, chain=mixed)) == expected


def test_another_environment_under_the_same_root_is_refused(hop: Hop) -> None:
    live = Authority.under(hop.root, environment=Environment.LIVE, clock=hop.clock)
    handoff = hop.sign(hop.signer(authority=live))
    expected = (Code.HANDOFF_INVALID, "the intermediate is of another environment")
    assert refusal(lambda: hop.verify(handoff)) == expected


def test_a_handoff_that_names_another_environment_is_refused(hop: Hop) -> None:
    handoff = hop.forge(hop.authority.issue("engine"), lambda claims: claims.update(environment="live"))
    assert refusal(lambda: hop.verify(handoff)) == (Code.HANDOFF_INVALID, "the handoff is of another environment")


def test_an_expired_leaf_is_refused(hop: Hop) -> None:
    leaf = hop.authority.issue("engine", lifetime=timedelta(seconds=30))
    identity = Identity(service="engine", leaf=leaf, clock=hop.clock)
    signer = HandoffSigner(identity=identity, environment=Environment.SANDBOX, clock=hop.clock, entropy=SeededEntropy())
    hop.verify(hop.sign(signer))
    hop.clock.advance(31)
    expected = (Code.HANDOFF_INVALID, "the certificate has expired or is not yet valid")
    assert refusal(lambda: hop.verify(hop.sign(signer))) == expected


def test_a_caller_that_is_not_listed_is_refused(hop: Hop) -> None:
    handoff = hop.sign(hop.signer("screening"))
    assert refusal(lambda: hop.verify(handoff))[0] is Code.CALLER_NOT_ALLOWED


def test_a_caller_cannot_take_anothers_name(hop: Hop) -> None:
    handoff = hop.forge(hop.authority.issue("screening"), lambda _claims: None)
    expected = (Code.HANDOFF_INVALID, "the handoff names another caller than its certificate")
    assert refusal(lambda: hop.verify(handoff)) == expected


def test_a_handoff_without_a_transaction_is_refused_where_one_is_due(hop: Hop) -> None:
    handoff = hop.sign(transaction_id=None)
    assert refusal(lambda: hop.verify(handoff)) == (Code.HANDOFF_INVALID, "the handoff names no transaction")


def reheaded(handoff: Handoff, header: str) -> str:
    return ".".join((jws.encode_segment(header.encode()), *handoff.token.split(".")[1:]))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"none","typ":"strongroom-handoff+jws"}',
        '{"alg":"HS256","typ":"strongroom-handoff+jws"}',
        '{"alg":"EdDSA","typ":"JWT"}',
        '{"alg":"EdDSA"}',
        '{"alg":"EdDSA","typ":"strongroom-handoff+jws","kid":"x"}',
        '{"typ":"strongroom-handoff+jws","alg":"EdDSA"}',
    ],
)
def test_any_other_header_is_refused_even_if_signed(hop: Hop, header: str) -> None:
    leaf = hop.authority.issue("engine")
    signed = reheaded(hop.sign(), header).rpartition(".")[0]
    token = f"{signed}.{jws.encode_segment(leaf.private_key.sign(signed.encode()))}"
    assert "not a strongroom-handoff" in refusal(lambda: hop.verify(hop.sign(), token=token, chain=leaf.chain))[1]


def test_a_receipt_is_not_a_handoff(hop: Hop) -> None:
    leaf = hop.authority.issue("engine")
    payload = jws.decode_segment(hop.sign().token.split(".")[1])
    token = jws.sign(RECEIPT, payload, leaf.private_key)
    assert refusal(lambda: hop.verify(hop.sign(), token=token, chain=leaf.chain))[0] is Code.HANDOFF_INVALID


def test_a_token_without_its_signature_is_refused(hop: Hop) -> None:
    handoff = hop.sign()
    unsigned = handoff.token.rpartition(".")[0] + "."
    assert refusal(lambda: hop.verify(handoff, token=unsigned))[0] is Code.HANDOFF_INVALID


MALFORMED: list[Callable[[dict[str, Any]], object]] = [
    lambda c: c.update(admin=True),
    lambda c: c.pop("parents"),
    lambda c: c.update(parents=["ab" * 32] * 65),
    lambda c: c.update(parents=["AB" * 32]),
    lambda c: c.update(request_sha256="ab"),
    lambda c: c.update(jti="x" * 32),
    lambda c: c.update(iat="1"),
    lambda c: c.update(iat=-1),
    lambda c: c.update(iat=1 << 40),
    lambda c: c.update(transaction="one"),
]


@pytest.mark.parametrize("change", MALFORMED)
def test_malformed_claims_are_refused_even_if_signed(hop: Hop, change: Callable[[dict[str, Any]], object]) -> None:
    handoff = hop.forge(hop.authority.issue("engine"), change)
    assert refusal(lambda: hop.verify(handoff))[0] is Code.HANDOFF_INVALID


def test_every_changed_character_of_a_token_is_refused(hop: Hop) -> None:
    handoff = hop.sign()
    for place in range(len(handoff.token)):
        letter = "A" if handoff.token[place] != "A" else "B"
        token = handoff.token[:place] + letter + handoff.token[place + 1 :]
        assert refusal(lambda token=token: hop.verify(handoff, token=token))[0] is Code.HANDOFF_INVALID


@pytest.mark.parametrize("link", [0, 1])
def test_a_damaged_chain_is_refused(hop: Hop, link: int) -> None:
    handoff = hop.sign()
    for place in range(0, len(handoff.chain[link]), 7):
        links = [bytearray(der) for der in handoff.chain]
        links[link][place] ^= 1
        chain: Chain = (bytes(links[0]), bytes(links[1]))
        assert refusal(lambda chain=chain: hop.verify(handoff, chain=chain))[0] is Code.HANDOFF_INVALID


def test_the_guard_forgets_only_after_the_window_and_never_overflows() -> None:
    clock = ManualClock()
    guard = ReplayGuard(clock=clock, window_s=70, generation_max=2)
    guard.admit("a")
    clock.advance(69)
    guard.admit("b")
    assert refusal(lambda: guard.admit("c"))[0] is Code.UNAVAILABLE
    clock.advance(1)
    guard.admit("c")
    for known in ("a", "b", "c"):
        assert refusal(lambda known=known: guard.admit(known))[0] is Code.HANDOFF_REPLAYED
    clock.advance(140)
    guard.admit("d")
    clock.advance(70)
    guard.admit("b")


@given(st.binary(min_size=1, max_size=80))
def test_a_segment_has_one_spelling(data: bytes) -> None:
    text = jws.encode_segment(data)
    assert jws.decode_segment(text) == data
    for other in (text + "=", text + "A" * (4 - len(text) % 4), text + "\n", f" {text}"):
        if other != text and (len(other) % 4 == 1 or not other.replace("-", "").replace("_", "").isalnum()):
            with pytest.raises(ValueError, match="base64"):
                jws.decode_segment(other)


def test_spare_bits_of_a_segment_are_refused() -> None:
    assert jws.encode_segment(b"a") == "YQ"
    with pytest.raises(ValueError, match="canonical"):
        jws.decode_segment("YR")


def test_unknown_keys_of_the_access_file_are_refused() -> None:
    assert refusal(lambda: Access.parse('[rpc."a/B"]\ncaller = ["x"]'))[0] is Code.CONFIG_INVALID


def test_the_shipped_access_file_is_read() -> None:
    assert Access.load().check(caller="gateway", method="auth_engine.v1.AuthEngine/Authenticate")
