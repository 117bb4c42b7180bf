from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.pki import Authority, Chain, Identity, TlsIdentity, new_root, parse_service_uri
from strongroom.runtime.pki import authority as internals

SANDBOX = Environment.SANDBOX


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def refusal(authority: Authority, chain: Chain, clock: ManualClock) -> str:
    with pytest.raises(StrongroomError) as caught:
        authority.trust_root().verify_chain(chain, clock.now())
    assert caught.value.code is Code.HANDOFF_INVALID
    return caught.value.detail


def under(clock: ManualClock) -> Authority:
    return Authority.under(new_root(clock), environment=SANDBOX, clock=clock)


def test_a_leaf_lives_a_day_and_names_its_service(clock: ManualClock) -> None:
    authority = under(clock)
    leaf = authority.issue("policy_engine")
    assert authority.trust_root().verify_chain(leaf.chain, clock.now()) == "policy_engine"
    certificate = x509.load_der_x509_certificate(leaf.chain[0])
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://strongroom/sandbox/policy_engine"]
    clock.advance(24 * 3600)
    assert authority.trust_root().verify_chain(leaf.chain, clock.now())
    clock.advance(1)
    assert "expired" in refusal(authority, leaf.chain, clock)


def test_a_verified_chain_still_expires(clock: ManualClock) -> None:
    authority = under(clock)
    trust_root, chain = authority.trust_root(), authority.issue("nodes").chain
    trust_root.verify_chain(chain, clock.now())
    with pytest.raises(StrongroomError, match="expired"):
        trust_root.verify_chain(chain, clock.now() + timedelta(days=2))
    with pytest.raises(StrongroomError, match="not yet valid"):
        trust_root.verify_chain(chain, clock.now() - timedelta(minutes=1))


def test_an_identity_renews_itself_at_half_life(clock: ManualClock) -> None:
    authority = under(clock)
    identity = Identity.from_issuer(authority, service="nodes", clock=clock)
    first = identity.chain_hash
    clock.advance(11.9 * 3600)
    assert identity.chain_hash == first
    clock.advance(0.2 * 3600)
    assert identity.chain_hash != first
    assert authority.trust_root().verify_chain(identity.chain_der, clock.now()) == "nodes"


def test_a_tls_leaf_does_not_sign_handoffs(clock: ManualClock) -> None:
    authority = under(clock)
    tls = x509.load_pem_x509_certificates(authority.issue_tls("nodes").chain_pem)
    chain = (tls[0].public_bytes(Encoding.DER), tls[1].public_bytes(Encoding.DER))
    assert refusal(authority, chain, clock) == "the leaf's key is not for handoffs"


def test_a_leaf_cannot_vouch_for_another(clock: ManualClock) -> None:
    authority = under(clock)
    leaf = authority.issue("nodes")
    assert "does not lead to the root" in refusal(
        authority, (authority.issue("gateway").chain[0], leaf.chain[0]), clock
    )


def test_an_intermediate_is_not_a_service(clock: ManualClock) -> None:
    root = new_root(clock)
    authority = Authority.under(root, environment=SANDBOX, clock=clock)
    intermediate = authority.issue("nodes").chain[1]
    assert "does not lead to the root" in refusal(authority, (intermediate, intermediate), clock)


def test_a_root_key_that_signs_a_leaf_directly_is_no_intermediate(clock: ManualClock) -> None:
    """CA flags: a certificate under the root without them vouches for nobody."""
    root = new_root(clock)
    key = ec.generate_private_key(ec.SECP256R1())
    draft = internals._draft("sneaky", key.public_key(), root.certificate.subject, clock.now(), timedelta(days=1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("spiffe://strongroom/sandbox")])
    draft = draft.add_extension(names, critical=False)
    draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    draft = draft.add_extension(internals._usage(certificates=False), critical=True)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    sneaky = internals.Signatory(key, draft.sign(root.key, internals.hashes.SHA256()))
    authority = Authority(environment=SANDBOX, root=root.certificate, intermediate=sneaky, clock=clock)
    assert "not a certificate authority" in refusal(authority, authority.issue("nodes").chain, clock)


@pytest.mark.parametrize(
    ("ca", "certificates", "services", "detail"),
    [
        (True, False, ("nodes",), "not a service's certificate"),
        (False, True, ("nodes",), "not a service's certificate"),
        (False, False, ("nodes", "gateway"), "names no service"),
    ],
)
def test_a_leaf_with_too_many_powers_or_names_is_refused(
    clock: ManualClock, services: tuple[str, ...], detail: str, *, ca: bool, certificates: bool
) -> None:
    root = new_root(clock)
    intermediate = internals._new_intermediate(root, SANDBOX, clock.now())  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    issuer = intermediate.certificate
    key = Ed25519PrivateKey.generate().public_key()
    draft = internals._draft("nodes", key, issuer.subject, clock.now(), timedelta(days=1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    uris = [x509.UniformResourceIdentifier(f"spiffe://strongroom/sandbox/{service}") for service in services]
    names = x509.SubjectAlternativeName(uris)
    draft = draft.add_extension(names, critical=False)
    draft = draft.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    draft = draft.add_extension(internals._usage(certificates=certificates), critical=True)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    leaf = draft.sign(intermediate.key, internals.hashes.SHA256())
    chain = (leaf.public_bytes(Encoding.DER), issuer.public_bytes(Encoding.DER))
    authority = Authority(environment=SANDBOX, root=root.certificate, intermediate=intermediate, clock=clock)
    assert detail in refusal(authority, chain, clock)


@pytest.mark.parametrize("uri", ["spiffe://strongroom/sandbox/", "spiffe://strongroom/live/nodes", "spiffe://strongroom/sandbox/a/b", "https://strongroom/sandbox/nodes", "spiffe://strongroom/sandbox/nodes?x", "nodes"])  # fmt: skip  # noqa: E501
def test_only_a_service_of_the_environment_is_a_name(uri: str) -> None:
    assert parse_service_uri(uri, SANDBOX) is None


def test_a_name_that_is_not_a_services_gets_no_certificate(clock: ManualClock) -> None:
    for name in ("", "a/b", "Nodes", "../x"):
        with pytest.raises(StrongroomError) as caught:
            under(clock).issue(name)
        assert caught.value.code is Code.CONFIG_INVALID


def test_an_authority_keeps_its_root_and_renews_its_intermediate(tmp_path: Path, clock: ManualClock) -> None:
    first = Authority.open(tmp_path / "pki", environment=SANDBOX, clock=clock)
    again = Authority.open(tmp_path / "pki", environment=SANDBOX, clock=clock)
    assert again.root_der == first.root_der
    assert again.issue("nodes").chain[1] == first.issue("nodes").chain[1]
    clock.advance(200 * 24 * 3600)
    renewed = Authority.open(tmp_path / "pki", environment=SANDBOX, clock=clock)
    assert renewed.root_der == first.root_der
    assert renewed.issue("nodes").chain[1] != first.issue("nodes").chain[1]
    assert first.trust_root().verify_chain(renewed.issue("nodes").chain, clock.now()) == "nodes"
    files = [path for path in (tmp_path / "pki").rglob("*") if path.is_file()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_damaged_authority_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    Authority.open(tmp_path, environment=SANDBOX, clock=clock)
    (tmp_path / "root.pem").write_text("nonsense")
    with pytest.raises(StrongroomError) as caught:
        Authority.open(tmp_path, environment=SANDBOX, clock=clock)
    assert caught.value.code is Code.STATE_DAMAGED


def test_identities_are_handed_to_a_process_of_their_own(tmp_path: Path, clock: ManualClock) -> None:
    authority = under(clock)
    leaf = authority.issue("cosigner-1", lifetime=timedelta(days=365))
    Identity(service="cosigner-1", leaf=leaf, clock=clock).save(tmp_path)
    TlsIdentity.from_issuer(authority, service="cosigner-1", clock=clock).save(tmp_path)
    loaded = Identity.load(tmp_path, service="cosigner-1", clock=clock)
    assert loaded.chain_der == leaf.chain
    assert isinstance(loaded.leaf().private_key, Ed25519PrivateKey)
    assert b"PRIVATE KEY" in TlsIdentity.load(tmp_path, clock=clock).leaf().key_pem
    secret_files = [tmp_path / "handoff.key", tmp_path / "tls.key"]
    assert {file.stat().st_mode & 0o777 for file in secret_files} == {0o600}
    for file in secret_files:
        file.unlink()
    for load in (
        lambda: Identity.load(tmp_path, service="x", clock=clock),
        lambda: TlsIdentity.load(tmp_path, clock=clock),
    ):
        with pytest.raises(StrongroomError) as caught:
            load()
        assert caught.value.code is Code.STATE_DAMAGED
