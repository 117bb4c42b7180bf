"""What crosses the hub: a header in clear, a body and a signature, as one MessagePack array of three byte strings.

The signature is over the header's bytes as they came, so no second encoding of them is ever made.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.messages.bodies import MALFORMED, Key, KeyTypeText, Kind, VaspId

VERSION: Final = 1
MESSAGE_BYTES_MAX: Final = 320 * 1024
"""Four IVMS101 objects of the largest column and what is around them."""
FRESH_S: Final = 300
"""How far a message's time may be from the reader's, in either direction."""
REPLAY_WINDOW_S: Final = 2 * FRESH_S
"""How long a reader must remember the id of a message it took: one by a clock that is ahead stays fresh that long."""
_DOMAIN: Final = b"strongroom/travel-rule/message/v1\x00"
_INFO: Final = b"strongroom/travel-rule/body/v1\x00"


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """What the hub sees of a message.

    Args:
        version: of the whole format.
        message_id: new for every message; a repetition of the same question has another.
        answers: the message id of the question that this answers; None in a question.
        kind: of the question.
        from_vasp: who signs it.
        to_vasp: who it is for.
        key_type: which of the addressee's keys it is sealed to; None in an answer, and where it is in clear.
        recipient_key: the public key that the body is sealed to; None for a body in clear, as a key request may be.
        reply_key: what the answer is to be sealed to; None in an answer, and where the answer may be in clear.
        sent_at_ms: by the sender's clock, milliseconds since 1970.
    """

    version: Literal[1]
    message_id: UUID
    answers: UUID | None
    kind: Kind
    from_vasp: VaspId
    to_vasp: VaspId
    key_type: KeyTypeText | None
    recipient_key: Key | None
    reply_key: Key | None
    sent_at_ms: Annotated[int, msgspec.Meta(ge=0)]


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    header: bytes
    body: bytes
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


_wires: Final = msgspec.msgpack.Decoder(_Wire)
_headers: Final = msgspec.msgpack.Decoder(Header)
_encoder: Final = msgspec.msgpack.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message taken apart; nothing of it is believed yet.

    Args:
        header: as it says.
        header_bytes: as they came: what the signature and the seal are bound to.
        body: sealed, or in clear where ``header.recipient_key`` is None.
        signature: Ed25519, 64 bytes.
    """

    header: Header
    header_bytes: bytes
    body: bytes
    signature: bytes

    @property
    def info(self) -> bytes:
        """What the seal of the body is bound to."""
        return _INFO + self.header_bytes

    def check_signature(self, identity_key: bytes) -> None:
        """``TRAVEL_RULE_MESSAGE_INVALID`` unless the enclave of that Ed25519 key signed exactly this."""
        try:
            key = Ed25519PublicKey.from_public_bytes(identity_key)
            key.verify(self.signature, signing_bytes(self.header_bytes, self.body))
        except (InvalidSignature, ValueError):
            raise refused("The signature is not that of the VASP it names.") from None

    def encode(self) -> bytes:
        """The message as it is sent."""
        return _encoder.encode(_Wire(self.header_bytes, self.body, self.signature))


def parse_envelope(data: bytes) -> Envelope:
    """Take a message apart; anybody can, and the hub does.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``.
    """
    if len(data) > MESSAGE_BYTES_MAX:
        raise refused(f"The message exceeds {MESSAGE_BYTES_MAX} bytes.")
    try:
        wire = _wires.decode(data)
        header = _headers.decode(wire.header)
    except MALFORMED:
        raise refused("The message is not one of this version.") from None
    if header.recipient_key is None and header.kind is not Kind.KEY_REQUEST:
        raise refused("Only a key may be asked for in clear.")
    return Envelope(header=header, header_bytes=wire.header, body=wire.body, signature=wire.signature)


def encode_header(header: Header) -> tuple[bytes, bytes]:
    """The header's bytes, and what the seal of the body is bound to."""
    encoded = _encoder.encode(header)
    return encoded, _INFO + encoded


def signing_bytes(header_bytes: bytes, body: bytes) -> bytes:
    """What the sender signs: the header's length stands between it and the body."""
    return _DOMAIN + len(header_bytes).to_bytes(4, "big") + header_bytes + body


def refused(detail: str) -> StrongroomError:
    """``TRAVEL_RULE_MESSAGE_INVALID``."""
    return StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, detail)
