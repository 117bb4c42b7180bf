"""The network authority's work, offline: sign a VASP's record, and certify its TLS key and the hub's.

Its home holds two secrets that belong on no hub: the key that signs records, and the certificate authority.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Self, final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.http import certificate_key_hash
from strongroom.runtime.kms import Signer, SoftwareKms
from strongroom.runtime.pki import Authority, TlsIdentity, TlsLeaf
from strongroom.travel_rule.messages import HUB_SERVICE, VaspRecord, VaspStatus, member_service, sign_record

_KEY: Final = "network-authority"
_TLS_LIFETIME: Final = timedelta(days=90)
_RECORD_LIFETIME: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What the network authority has verified of a VASP; fields as in ``VaspRecord``."""

    vasp_id: str
    name: str
    legal_name: str
    country: str
    url: str
    identity_key: bytes
    status: VaspStatus = VaspStatus.VERIFIED_MEMBER


@final
class NetworkAuthority:
    """Who says who is in the network.

    Args:
        signer: of records.
        certificates: of TLS.
        clock: time.
    """

    def __init__(self, *, signer: Signer, certificates: Authority, clock: Clock) -> None:
        self._signer, self._certificates, self._clock = signer, certificates, clock

    @classmethod
    def open(cls, home: Path, *, environment: Environment, clock: Clock) -> Self:
        """The authority kept in that folder; made when there is none."""
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificates = Authority.open(home / "pki", environment=environment, clock=clock)
        return cls(signer=SoftwareKms(home / "keys").signer(_KEY), certificates=certificates, clock=clock)

    @property
    def public_key(self) -> bytes:
        """What every enclave and the hub have in their settings, 32 bytes of Ed25519."""
        return self._signer.public_key

    def issue_hub(self, folder: Path, *, host_names: tuple[str, ...] = ("localhost",)) -> None:
        """Write the hub's TLS identity: ``tls.key``, ``tls.pem``, ``root.pem``."""
        self._save(HUB_SERVICE, folder, host_names)

    def issue_member(
        self, applicant: Applicant, folder: Path, *, host_names: tuple[str, ...] = ("localhost",)
    ) -> bytes:
        """Write a member's TLS identity into its folder, and give its signed record, which lists that TLS key.

        The TLS key is made here: it protects what the hub sees anyway. The identity key is the enclave's own, and only
        its public half comes here.

        Raises:
            StrongroomError: ``VASP_RECORD_INVALID``.
        """
        now = self._clock.now()
        leaf = self._save(member_service(applicant.vasp_id), folder, host_names)
        certificate = x509.load_pem_x509_certificate(leaf.chain_pem).public_bytes(Encoding.DER)
        record = VaspRecord(
            vasp_id=applicant.vasp_id,
            serial=int(now.timestamp() * 1000),  # a later one is higher, without a register of them
            name=applicant.name,
            legal_name=applicant.legal_name,
            country=applicant.country,
            url=applicant.url,
            identity_key=applicant.identity_key,
            tls_key_hash=certificate_key_hash(certificate),
            status=applicant.status,
            issued_at=now,
            expires_at=now + _RECORD_LIFETIME,
        )
        return sign_record(record, authority=self._signer)

    def _save(self, service: str, folder: Path, host_names: tuple[str, ...]) -> TlsLeaf:
        leaf = self._certificates.issue_tls(service, lifetime=_TLS_LIFETIME, host_names=host_names)
        TlsIdentity(leaf, clock=self._clock).save(folder)
        return leaf
