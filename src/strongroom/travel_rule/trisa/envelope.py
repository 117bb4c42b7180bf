"""The secure envelope as JSON (trisa.api.v1beta1.SecureEnvelope): what stands in clear around a sealed payload."""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec

from strongroom.kernel.documents.request import check_depth
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.trisa.problems import is_retried

ENVELOPE_BYTES_MAX: Final = 1024 * 1024
PAYLOAD_BYTES_MAX: Final = 512 * 1024
ENCRYPTION: Final = "AES256-GCM"
AUTHENTICATION: Final = "HMAC-SHA256"
_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
Sealed = Annotated[bytes, msgspec.Meta(max_length=PAYLOAD_BYTES_MAX)]
Key = Annotated[bytes, msgspec.Meta(max_length=2048)]
Label = Annotated[str, msgspec.Meta(max_length=100)]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the counterparty refuses: ``code`` is a name of ``problems.NUMBERS``, or one that is newer than those."""

    code: Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Z0-9_]{0,63}$")]
    message: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    retry: bool = False
    details: msgspec.Raw | None = None


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """One envelope. ``payload`` is ciphertext, tag and nonce; the keys are wrapped if ``sealed``, else in the clear."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    payload: Sealed = b""
    encryption_key: Key = b""
    encryption_algorithm: Label = ""
    hmac: Annotated[bytes, msgspec.Meta(max_length=64)] = b""
    hmac_secret: Key = b""
    hmac_algorithm: Label = ""
    error: Problem | None = None
    timestamp: Annotated[str, msgspec.Meta(max_length=40)] = ""
    sealed: bool = False
    public_key_signature: Label = ""


_decoder: Final = msgspec.json.Decoder(Envelope)
_encoder: Final = msgspec.json.Encoder()


def parse_envelope(body: bytes) -> Envelope:
    """An envelope in JSON; what it does not name is not read. Nothing is verified yet.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID`` for what is no envelope, is larger than 1 MiB, carries both a
            payload and an error or neither, or has no time.
    """
    if len(body) > ENVELOPE_BYTES_MAX:
        raise refused("The envelope exceeds 1 MiB.")
    try:
        check_depth(body)
        envelope = _decoder.decode(body)
    except (msgspec.MsgspecError, StrongroomError, UnicodeDecodeError, RecursionError):
        raise refused("Not an envelope of TRISA's shape, in JSON.") from None
    if bool(envelope.payload) is (envelope.error is not None):
        raise refused("An envelope carries a payload or an error.")
    if not _TIME.fullmatch(envelope.timestamp):
        raise refused("The envelope says no time of RFC 3339.")
    return envelope


def write_envelope(envelope: Envelope) -> bytes:
    """An envelope in JSON, every element present as TRISA's own tools write it."""
    return _encoder.encode(envelope)


def refuse(*, envelope_id: str, code: str, message: str, at: datetime) -> Envelope:
    """An error envelope that answers the one of this id. ``message`` tells no personal data: it travels in clear."""
    problem = Problem(code=code, message=message, retry=is_retried(code))
    return Envelope(id=envelope_id, error=problem, timestamp=at.isoformat())


def refused(why: str) -> StrongroomError:
    """The error for an envelope that is not as it should be."""
    return StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, why)
