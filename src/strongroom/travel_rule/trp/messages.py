"""TRP's messages, from untrusted JSON to typed and back."""

import re
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from strongroom.kernel.documents.request import check_depth
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import read_payload
from strongroom.travel_rule.trp.address import URL_MAX, check_url
from strongroom.travel_rule.trp.amounts import read_amount

MESSAGE_BYTES_MAX: Final = 384 * 1024
_COMMENT_MAX: Final = 1000
_TOKEN: Final = re.compile(r"[ -~]{1,512}")
Text = Annotated[str, msgspec.Meta(max_length=_COMMENT_MAX)]
Url = Annotated[str, msgspec.Meta(max_length=URL_MAX)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class Asset(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which asset: its Digital Token Identifier (ISO 24165), or its coin type of SLIP-0044."""

    dti: Annotated[str, msgspec.Meta(pattern="^[0-9B-DF-HJ-NP-TV-Z]{9}$")] | None = None
    slip0044: Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)] | None = None


class Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    """May a transfer be sent to the holder of a travel address? ``amount`` is decimal text as on the wire."""

    asset: Asset
    amount: str
    callback: str
    payload: Payload
    ivms101: bytes
    extensions: bytes = b""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """It may: ``address`` is where to pay, ``callback`` where the confirmation goes."""

    address: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
    callback: Url


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """The answer comes later, to the inquiry's callback; ``version`` is the answerer's."""

    version: Annotated[str, msgspec.Meta(max_length=40)]


class Approved(msgspec.Struct, frozen=True, kw_only=True):
    """The inquiry is approved."""

    approved: Approval


class Rejected(msgspec.Struct, frozen=True, kw_only=True):
    """The inquiry is rejected; why, in words for people."""

    rejected: Text


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The transfer is on chain."""

    txid: Annotated[str, msgspec.Meta(min_length=1, max_length=512)]


class Canceled(msgspec.Struct, frozen=True, kw_only=True):
    """The approved transfer will not be made; why, in words for people."""

    canceled: Text


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """GET /identity; ``lei`` and ``x509`` (PEM) since 3.2.1."""

    name: Annotated[str, msgspec.Meta(max_length=200)]
    lei: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    x509: Annotated[str, msgspec.Meta(max_length=20_000)] | None = None


class VersionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """GET /version."""

    version: Annotated[str, msgspec.Meta(max_length=40)]
    vendor: Annotated[str, msgspec.Meta(max_length=200)]


class Extensions(msgspec.Struct, frozen=True, kw_only=True):
    """GET /extensions: what a request must and may use."""

    required: tuple[Name, ...] = ()
    supported: tuple[Name, ...] = ()


Resolution: TypeAlias = Approved | Rejected
Answer: TypeAlias = Acknowledged | Approved | Rejected
Confirmation: TypeAlias = Confirmed | Canceled


class _Inquiry(msgspec.Struct, frozen=True, kw_only=True):
    asset: Asset
    amount: msgspec.Raw
    callback: Url
    ivms101: msgspec.Raw = msgspec.field(name="IVMS101")
    extensions: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    approved: Approval | None = None
    rejected: Text | None = None


class _Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    txid: Annotated[str, msgspec.Meta(min_length=1, max_length=512)] | None = None
    canceled: Text | None = None


def parse_inquiry(body: bytes, *, demands: Demands) -> Inquiry:
    """An inquiry whose IVMS101 breaks nothing.

    Raises:
        StrongroomError: ``INVALID_FORMAT`` naming the element or the first constraint broken, never its value;
            ``AMOUNT_INVALID``.
    """
    wire = _parsed(body, _Inquiry)
    if wire.asset.dti is None and wire.asset.slip0044 is None:
        raise _wrong("asset names a dti or a slip0044")
    reading = read_payload(bytes(wire.ivms101), demands)
    if reading.element is None or reading.violations:
        first = reading.violations[0]
        raise _wrong(f"{first.code} at $.IVMS101{first.path.removeprefix('$')}: {first.message.rstrip('.')}")
    return Inquiry(
        asset=wire.asset,
        amount=read_amount(bytes(wire.amount)),
        callback=_callback(wire.callback),
        payload=reading.element,
        ivms101=bytes(wire.ivms101),
        extensions=bytes(wire.extensions),
    )


def write_inquiry(*, asset: Asset, amount: str, callback: str, ivms101: bytes) -> bytes:
    """An inquiry; ``amount`` is decimal text and becomes a JSON number, digit by digit.

    Raises:
        StrongroomError: ``AMOUNT_INVALID``; ``INVALID_FORMAT`` for a callback that is no URL.
    """
    number = read_amount(amount.encode())
    fields = {"asset": asset, "amount": msgspec.Raw(number.encode()), "callback": _callback(callback)}
    return msgspec.json.encode({**fields, "IVMS101": msgspec.Raw(ivms101)})


def parse_answer(body: bytes) -> Answer:
    """The answer to an inquiry: exactly one of the three.

    Raises:
        StrongroomError: ``INVALID_FORMAT``.
    """
    wire = _parsed(body, _Answer)
    said = [each for each in (wire.version, wire.approved, wire.rejected) if each is not None]
    if len(said) != 1:
        raise _wrong("an answer is one of version, approved, rejected")
    if wire.approved is not None:
        _check_approval(wire.approved)
        return Approved(approved=wire.approved)
    return Rejected(rejected=wire.rejected) if wire.rejected is not None else Acknowledged(version=str(wire.version))


def parse_resolution(body: bytes) -> Resolution:
    """The late answer, which is no acknowledgement.

    Raises:
        StrongroomError: ``INVALID_FORMAT``.
    """
    answer = parse_answer(body)
    if isinstance(answer, Acknowledged):
        raise _wrong("a resolution is one of approved, rejected")
    return answer


def parse_confirmation(body: bytes) -> Confirmation:
    """The transaction of an approved transfer, or that there will be none.

    Raises:
        StrongroomError: ``INVALID_FORMAT``.
    """
    wire = _parsed(body, _Confirmation)
    if (wire.txid is None) is (wire.canceled is None):
        raise _wrong("a confirmation is one of txid, canceled")
    if wire.txid is None:
        return Canceled(canceled=str(wire.canceled))
    if not _TOKEN.fullmatch(wire.txid):
        raise _wrong("txid is printable ASCII")
    return Confirmed(txid=wire.txid)


def parse_discovery(body: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind asked for
    """An answer of /identity, /version or /extensions.

    Raises:
        StrongroomError: ``INVALID_FORMAT``.
    """
    return _parsed(body, kind)


def write(message: Answer | Confirmation | Identity | VersionInfo | Extensions) -> bytes:
    """A message as JSON."""
    return msgspec.json.encode(message)


def _parsed(body: bytes, kind: type[Any]) -> Any:  # noqa: ANN401 - of the kind asked for
    if len(body) > MESSAGE_BYTES_MAX:
        raise _wrong(f"the body exceeds {MESSAGE_BYTES_MAX} bytes")
    try:
        check_depth(body)
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        at = re.search(r" - at `\$\.([A-Za-z0-9.]{1,60})`$", str(error))
        missing = re.search(r"missing required field `([A-Za-z0-9]{1,40})`", str(error))
        raise _wrong(f"{missing[1]} is missing" if missing else f"wrong value at {at[1] if at else '$'}") from None
    except (msgspec.MsgspecError, StrongroomError, UnicodeDecodeError, RecursionError):
        raise _wrong("the body is not JSON in UTF-8") from None


def _check_approval(approval: Approval) -> None:
    if not _TOKEN.fullmatch(approval.address):
        raise _wrong("approved.address is printable ASCII")
    _callback(approval.callback)


def _callback(url: str) -> str:
    try:
        return check_url(url)
    except StrongroomError:
        raise _wrong("callback is an HTTPS URL") from None


def _wrong(what: str) -> StrongroomError:
    return StrongroomError(Code.INVALID_FORMAT, f"{what[0].upper()}{what[1:]}.")
