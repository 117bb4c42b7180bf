"""Who a service is: the key that signs its handoffs and the chain that vouches for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol, Self, final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.kms import write_once
from strongroom.runtime.pki.names import Chain, hash_chain

LEAF_LIFETIME: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key for handoffs and the chain that vouches for it."""

    private_key: Ed25519PrivateKey
    chain: Chain
    not_before: datetime
    not_after: datetime

    @property
    def half_life(self) -> datetime:
        """When to renew."""
        return self.not_before + (self.not_after - self.not_before) / 2


@dataclass(frozen=True, slots=True)
class TlsLeaf:
    """A P-256 key and chain for TLS, PEM, with the root that peers must chain to."""

    key_pem: bytes
    chain_pem: bytes
    root_pem: bytes
    half_life: datetime

    def __repr__(self) -> str:
        return "TlsLeaf(hidden)"


class Issuer(Protocol):
    """Whoever signs leaf certificates of one environment."""

    @property
    def environment(self) -> Environment:
        """The environment whose services it names."""
        ...

    def issue(self, service: str, *, lifetime: timedelta = LEAF_LIFETIME) -> Leaf:
        """A new Ed25519 key and certificate for handoffs of that service."""
        ...

    def issue_tls(
        self, service: str, *, lifetime: timedelta = LEAF_LIFETIME, host_names: Sequence[str] = ("localhost",)
    ) -> TlsLeaf:
        """A new P-256 key and certificate for TLS of that service, as server and as client."""
        ...


@final
class Identity:
    """Who a service is: its leaf for handoffs, renewed at half life.

    Args:
        service: its name.
        leaf: what it starts with.
        issuer: where it renews; None where the leaf was handed over once, as to a customer's co-signer.
    """

    def __init__(self, *, service: str, leaf: Leaf, clock: Clock, issuer: Issuer | None = None) -> None:
        self.service = service
        self._leaf = leaf
        self._clock = clock
        self._issuer = issuer

    @classmethod
    def from_issuer(cls, issuer: Issuer, *, service: str, clock: Clock) -> Self:
        """A new identity that renews itself."""
        return cls(service=service, leaf=issuer.issue(service), clock=clock, issuer=issuer)

    def leaf(self) -> Leaf:
        """The current leaf, a new one once half of its life is over."""
        if self._issuer is not None and self._clock.now() >= self._leaf.half_life:
            self._leaf = self._issuer.issue(self.service)
        return self._leaf

    @property
    def chain_der(self) -> Chain:
        """Leaf and intermediate certificate, DER."""
        return self.leaf().chain

    @property
    def chain_hash(self) -> bytes:
        """SHA-256 of the leaf's DER followed by the intermediate's, 32 bytes."""
        return hash_chain(self.chain_der)

    def save(self, folder: Path) -> None:
        """Write key and chain (``handoff.key`` 0600, ``handoff.pem``) for a process of its own to ``load``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("handoff.key", "handoff.pem"):
            (folder / name).unlink(missing_ok=True)
        key_pem = self._leaf.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_once(folder / "handoff.key", key_pem)
        certificates = (x509.load_der_x509_certificate(der) for der in self._leaf.chain)
        write_once(folder / "handoff.pem", b"".join(link.public_bytes(Encoding.PEM) for link in certificates))

    @classmethod
    def load(cls, folder: Path, *, service: str, clock: Clock) -> Self:
        """What ``save`` wrote; it is not renewed. ``STATE_DAMAGED`` when it does not parse."""
        try:
            key = load_pem_private_key((folder / "handoff.key").read_bytes(), password=None)
            leaf, intermediate = x509.load_pem_x509_certificates((folder / "handoff.pem").read_bytes())
        except (OSError, ValueError) as error:
            raise StrongroomError(Code.STATE_DAMAGED, "the identity's files do not parse") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StrongroomError(Code.STATE_DAMAGED, "the identity's key is not an Ed25519 key")
        chain = (leaf.public_bytes(Encoding.DER), intermediate.public_bytes(Encoding.DER))
        held = Leaf(key, chain, leaf.not_valid_before_utc, leaf.not_valid_after_utc)
        return cls(service=service, leaf=held, clock=clock)


@final
class TlsIdentity:
    """A service's leaf for TLS, renewed at half life.

    Args:
        leaf: what it starts with.
        renew: makes the next one; None where the leaf was handed over once.
    """

    def __init__(self, leaf: TlsLeaf, *, clock: Clock, renew: Callable[[], TlsLeaf] | None = None) -> None:
        self._leaf = leaf
        self._clock = clock
        self._renew = renew

    @classmethod
    def from_issuer(
        cls, issuer: Issuer, *, service: str, clock: Clock, host_names: Sequence[str] = ("localhost",)
    ) -> Self:
        """A new leaf that renews itself."""

        def renew() -> TlsLeaf:
            return issuer.issue_tls(service, host_names=host_names)

        return cls(renew(), clock=clock, renew=renew)

    def leaf(self) -> TlsLeaf:
        """The current leaf, a new one once half of its life is over."""
        if self._renew is not None and self._clock.now() >= self._leaf.half_life:
            self._leaf = self._renew()
        return self._leaf

    def save(self, folder: Path) -> None:
        """Write ``tls.key`` (0600), ``tls.pem`` and ``root.pem`` for a process of its own to ``load``."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = self.leaf()
        for name, content in (("tls.key", held.key_pem), ("tls.pem", held.chain_pem), ("root.pem", held.root_pem)):
            (folder / name).unlink(missing_ok=True)
            write_once(folder / name, content)

    @classmethod
    def load(cls, folder: Path, *, clock: Clock) -> Self:
        """What ``save`` wrote; it is not renewed. ``STATE_DAMAGED`` when it is not there or does not parse."""
        try:
            key_pem, chain_pem, root_pem = ((folder / name).read_bytes() for name in ("tls.key", "tls.pem", "root.pem"))
            certificate = x509.load_pem_x509_certificate(chain_pem)
        except (OSError, ValueError) as error:
            raise StrongroomError(Code.STATE_DAMAGED, "the TLS identity's files do not parse") from error
        return cls(TlsLeaf(key_pem, chain_pem, root_pem, certificate.not_valid_after_utc), clock=clock)
