"""The platform's certificate authority for one environment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final, Self, TypeAlias, final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.kms import write_once
from strongroom.runtime.pki.identity import LEAF_LIFETIME, Leaf, TlsLeaf
from strongroom.runtime.pki.names import environment_uri, service_uri, tls_host_name
from strongroom.runtime.pki.trust import TrustRoot

_PublicKey: TypeAlias = Ed25519PublicKey | ec.EllipticCurvePublicKey
_ROOT_LIFETIME: Final = timedelta(days=3650)
_INTERMEDIATE_LIFETIME: Final = timedelta(days=365)
_BACKDATED: Final = timedelta(seconds=5)
"""Clocks of two machines may differ by as much (the skew of trust.md 8)."""


@dataclass(frozen=True, slots=True)
class Signatory:
    """A certificate and the key that signs under it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def __repr__(self) -> str:
        return f"Signatory({self.certificate.subject.rfc4514_string()})"


@final
class Authority:
    """The platform's certificate authority for one environment: authenticates transport and hops, nothing else.

    Args:
        root: the root's certificate; its key is needed only to make intermediates.
        intermediate: what signs the leafs.
    """

    def __init__(
        self, *, environment: Environment, root: x509.Certificate, intermediate: Signatory, clock: Clock
    ) -> None:
        self.environment = environment
        self._root = root
        self._intermediate = intermediate
        self._clock = clock

    @classmethod
    def under(cls, root: Signatory, *, environment: Environment, clock: Clock) -> Self:
        """A new intermediate for that environment, signed by ``root``."""
        intermediate = _new_intermediate(root, environment, clock.now())
        return cls(environment=environment, root=root.certificate, intermediate=intermediate, clock=clock)

    @classmethod
    def open(cls, folder: Path, *, environment: Environment, clock: Clock) -> Self:
        """The authority kept in that folder (mode 0700, keys 0600); made when there is none.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when a file there does not parse.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = _kept(folder / "root.pem", lambda: new_root(clock))
        now = clock.now()
        path = folder / f"{environment}.pem"
        intermediate = _renewed(path, now, lambda: _new_intermediate(root, environment, now))
        return cls(environment=environment, root=root.certificate, intermediate=intermediate, clock=clock)

    @property
    def root_der(self) -> bytes:
        """The root certificate, DER: what a ``TrustRoot`` starts from."""
        return self._root.public_bytes(Encoding.DER)

    def trust_root(self) -> TrustRoot:
        """What a service of this environment believes."""
        return TrustRoot(root_der=self.root_der, environment=self.environment)

    def issue(self, service: str, *, lifetime: timedelta = LEAF_LIFETIME) -> Leaf:
        """A new Ed25519 key and certificate for handoffs of that service."""
        key = Ed25519PrivateKey.generate()
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(service_uri(self.environment, service))]
        certificate = self._leaf(service, key.public_key(), names, lifetime, tls=False)
        chain = (certificate.public_bytes(Encoding.DER), self._intermediate.certificate.public_bytes(Encoding.DER))
        return Leaf(key, chain, certificate.not_valid_before_utc, certificate.not_valid_after_utc)

    def issue_tls(
        self, service: str, *, lifetime: timedelta = LEAF_LIFETIME, host_names: Sequence[str] = ("localhost",)
    ) -> TlsLeaf:
        """A new P-256 key and certificate for TLS of that service, as server and as client.

        Args:
            host_names: DNS names under which the service is reached, besides 127.0.0.1 and its internal name.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [
            x509.UniformResourceIdentifier(service_uri(self.environment, service)),
            x509.DNSName(tls_host_name(self.environment, service)),
            *(x509.DNSName(name) for name in host_names),
            x509.IPAddress(IPv4Address("127.0.0.1")),
        ]
        certificate = self._leaf(service, key.public_key(), names, lifetime, tls=True)
        chain = (certificate, self._intermediate.certificate)
        return TlsLeaf(
            key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            chain_pem=b"".join(link.public_bytes(Encoding.PEM) for link in chain),
            root_pem=self._root.public_bytes(Encoding.PEM),
            half_life=certificate.not_valid_before_utc + lifetime / 2,
        )

    def _leaf(
        self, service: str, public_key: _PublicKey, names: list[x509.GeneralName], lifetime: timedelta, *, tls: bool
    ) -> x509.Certificate:
        draft = _draft(service, public_key, self._intermediate.certificate.subject, self._clock.now(), lifetime)
        draft = draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        draft = draft.add_extension(_usage(certificates=False), critical=True)
        draft = draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if tls:
            purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            draft = draft.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return draft.sign(self._intermediate.key, hashes.SHA256())


def new_root(clock: Clock) -> Signatory:
    """A new self-signed root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Strongroom root")
    draft = _draft("Strongroom root", key.public_key(), name, clock.now(), _ROOT_LIFETIME)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    draft = draft.add_extension(_usage(certificates=True), critical=True)
    return Signatory(key, draft.sign(key, hashes.SHA256()))


def _new_intermediate(root: Signatory, environment: Environment, now: datetime) -> Signatory:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = root.certificate.subject
    draft = _draft(f"Strongroom {environment}", key.public_key(), issuer, now, _INTERMEDIATE_LIFETIME)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    draft = draft.add_extension(_usage(certificates=True), critical=True)
    names = [x509.UniformResourceIdentifier(environment_uri(environment))]
    draft = draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Signatory(key, draft.sign(root.key, hashes.SHA256()))


def _draft(
    common_name: str, public_key: _PublicKey, issuer: x509.Name, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _kept(path: Path, make: Callable[[], Signatory]) -> Signatory:
    """The signatory in that file (certificate, then key, PEM, mode 0600); ``make`` a new one when there is none."""
    if not path.exists():
        made = make()
        key_pem = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_once(path, made.certificate.public_bytes(Encoding.PEM) + key_pem)
    content = path.read_bytes()
    try:
        key = load_pem_private_key(content, password=None)
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError as error:
        raise StrongroomError(Code.STATE_DAMAGED, f"{path.name} does not parse") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StrongroomError(Code.STATE_DAMAGED, f"the key in {path.name} is not a P-256 key")
    return Signatory(key, certificate)


def _renewed(path: Path, now: datetime, make: Callable[[], Signatory]) -> Signatory:
    """As ``_kept``, but with a new one in its place once half of its life is over."""
    kept = _kept(path, make)
    certificate = kept.certificate
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    if now < certificate.not_valid_before_utc + lifetime / 2:
        return kept
    path.unlink()
    return _kept(path, make)
