"""Who is in the network: one record for each VASP, signed by the network authority, handed out by the hub.

The hub keeps and sends records but cannot make one: it does not hold the authority's key, and every enclave has that
key's public half in its own settings.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.messages.bodies import MALFORMED, Key, Moment, VaspId
from strongroom.travel_rule.messages.keys import Signer

HUB_SERVICE: Final = "travel-rule-hub"
"""What the hub's TLS certificate names it."""
_MEMBER_PREFIX: Final = "vasp-"
_DOMAIN: Final = b"strongroom/travel-rule/vasp-record/v1\x00"
_ID_MAX: Final = 2**64 - 1
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class VaspStatus(StrEnum):
    """What the network authority says of a VASP (reference 1.2)."""

    VERIFIED_MEMBER = "VERIFIED-MEMBER"
    """Its legal person is verified and it runs an enclave: it can be asked."""
    VERIFIED = "VERIFIED"
    """Its legal person is verified; it runs no enclave."""
    UNVERIFIED = "UNVERIFIED"


class VaspRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True):
    """One VASP, as the network authority knows it.

    Args:
        version: of this form.
        vasp_id: decimal text below 2^64.
        serial: a later record of the same VASP has a higher one; a reader never goes back.
        name: what people call it.
        legal_name: as in its register.
        country: ISO 3166-1 alpha-2.
        url: ``https://host:port`` of its enclave's message door.
        identity_key: Ed25519 public key that its enclave signs messages with.
        tls_key_hash: SHA-256 of the SubjectPublicKeyInfo of its TLS key (RFC 7469 2.4).
        status: what is known of it.
        issued_at: when it was signed.
        expires_at: when it has to be renewed.
    """

    version: Literal[1] = 1
    vasp_id: VaspId
    serial: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    name: _Name
    legal_name: _Name
    country: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{2}\Z")]
    url: Annotated[str, msgspec.Meta(pattern=r"\Ahttps://[a-z0-9.:\[\]-]+\Z", max_length=256)]
    identity_key: Key
    tls_key_hash: Key
    status: VaspStatus
    issued_at: Moment
    expires_at: Moment


class SignedRecord(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The record's bytes and the authority's Ed25519 signature over them."""

    record: bytes
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

    def encode(self) -> bytes:
        """As it is kept and sent."""
        return msgspec.msgpack.encode(self)


_signed: Final = msgspec.msgpack.Decoder(SignedRecord)
_records: Final = msgspec.msgpack.Decoder(VaspRecord)


def sign_record(record: VaspRecord, *, authority: Signer) -> bytes:
    """The signed record, encoded.

    Raises:
        StrongroomError: ``VASP_RECORD_INVALID`` for one that no reader would take.
    """
    encoded = msgspec.msgpack.encode(record)
    _parse(encoded)
    return SignedRecord(encoded, authority.sign(_DOMAIN + encoded)).encode()


def verify_record(data: bytes, *, authority_key: bytes, now: datetime) -> VaspRecord:
    """The record, once the authority's signature holds and it has not expired.

    Args:
        authority_key: Ed25519, 32 bytes, from the reader's own settings.
        now: the reader's clock.

    Raises:
        StrongroomError: ``VASP_RECORD_INVALID``.
    """
    try:
        signed = _signed.decode(data)
        Ed25519PublicKey.from_public_bytes(authority_key).verify(signed.signature, _DOMAIN + signed.record)
    except (*MALFORMED, InvalidSignature, ValueError):
        raise _invalid("The network authority did not sign this record.") from None
    record = _parse(signed.record)
    if now >= record.expires_at:
        raise _invalid(f"The record of VASP {record.vasp_id} has expired.")
    return record


def member_service(vasp_id: str) -> str:
    """What the TLS certificate of a VASP's enclave names it: ``vasp-<id>``."""
    return _MEMBER_PREFIX + vasp_id


def parse_member_service(service: str) -> str | None:
    """The VASP id that a certificate names; None for the certificate of anything but a VASP."""
    vasp_id = service.removeprefix(_MEMBER_PREFIX)
    return vasp_id if vasp_id != service else None


def _parse(encoded: bytes) -> VaspRecord:
    try:
        record = _records.decode(encoded)
    except MALFORMED as error:
        raise _invalid(f"The record is not of its form: {error}.") from None
    if int(record.vasp_id) > _ID_MAX or record.expires_at <= record.issued_at:
        raise _invalid("The record's VASP id or lifetime is out of range.")
    return record


def _invalid(detail: str) -> StrongroomError:
    return StrongroomError(Code.VASP_RECORD_INVALID, detail)
