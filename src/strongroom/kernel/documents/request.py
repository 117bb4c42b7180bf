"""The initiator's original request: a JWT and a raw body, verified alike by auth_engine and by every co-signer.

Source: custody_api.md 6.1 (claims, hashes over raw bytes) and trust.md 3 (what a co-signer checks).
"""

import base64
import binascii
import hmac
import json
import re
from decimal import Decimal
from typing import Any, cast

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import Code, StrongroomError

MAX_TOKEN_BYTES = 8192
MAX_BODY_BYTES = 256 * 1024
MIN_RSA_BITS = 2048
MAX_DEPTH = 32
"""Of objects and lists in a body: a parser that recurses must not be led to the end of its stack."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and halves of a surrogate pair: JSON can spell them, and no database keeps them."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What an API user signs for each request. Times are whole seconds since 1970."""

    uri: str
    nonce: str
    iat: int
    exp: int
    sub: str
    bodyHash: str  # noqa: N815 -- the claim's name in the Fireblocks format


class FeeWish(msgspec.Struct, frozen=True, kw_only=True):
    """What the request says of fees: a level and, if it gives one, the most it will pay in all (decimal text)."""

    level: str = "MEDIUM"
    max_fee_text: str | None = None


class TransactionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of ``POST /v1/transactions`` that decide something. Amounts are decimal text."""

    asset_id: str
    source_account: str
    destination_type: str
    destination_id: str
    destination_address: str
    amount_text: str
    fee: FeeWish
    external_id: str | None
    note: str


def parse_token(token: str) -> tuple[Claims, bytes, bytes]:
    """Claims, signed part and signature of a compact JWT; nothing is verified yet.

    Raises:
        StrongroomError: ``TOKEN_MALFORMED``.
    """
    head, _, tail = token.partition(".")
    body, _, signature = tail.partition(".")
    if len(token) > MAX_TOKEN_BYTES or not (head and body and signature):
        raise StrongroomError(Code.TOKEN_MALFORMED)
    try:
        header = msgspec.json.decode(_base64url(head), type=dict[str, Any])
        claims = msgspec.json.decode(_base64url(body), type=Claims)
        raw_signature = _base64url(signature)
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        raise StrongroomError(Code.TOKEN_MALFORMED) from None
    if header.get("alg") != "RS256" or "crit" in header or not claims.nonce or not claims.sub:
        raise StrongroomError(Code.TOKEN_MALFORMED, "The token is signed RS256 and carries nonce and sub.")
    return claims, f"{head}.{body}".encode(), raw_signature


def verify_request(*, token: str, body: bytes, uri: str, public_key_der: bytes) -> Claims:
    """The claims of a request that this API user signed for exactly this URI and body.

    Time is not judged here: auth_engine checks ``exp`` and ``iat``, a co-signer ``iat`` and the request's lifetime.

    Args:
        token: the compact JWT.
        body: the raw bytes as received.
        uri: path with query string, as received.
        public_key_der: the API user's RSA SubjectPublicKeyInfo of the document set.

    Raises:
        StrongroomError: ``TOKEN_MALFORMED``, ``TOKEN_SIGNATURE_INVALID``, ``TOKEN_URI_MISMATCH`` or
            ``TOKEN_BODY_MISMATCH``.
    """
    claims, signed_part, signature = parse_token(token)
    key = parse_api_key(public_key_der)
    try:
        key.verify(signature, signed_part, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise StrongroomError(Code.TOKEN_SIGNATURE_INVALID) from None
    if not hmac.compare_digest(claims.uri.encode(), uri.encode()):
        raise StrongroomError(Code.TOKEN_URI_MISMATCH)
    if not hmac.compare_digest(claims.bodyHash.lower().encode(), sha256(body).hex().encode()):
        raise StrongroomError(Code.TOKEN_BODY_MISMATCH)
    return claims


def parse_api_key(public_key_der: bytes) -> RSAPublicKey:
    """The RSA key of an API user.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED`` if it is no RSA key of at least 2048 bits.
    """
    try:
        key = load_der_public_key(public_key_der)
    except ValueError:
        key = None
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_RSA_BITS:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "An API user's key is RSA of at least 2048 bits.")
    return key


def parse_transaction_request(body: bytes) -> TransactionRequest:
    """The request in a raw JSON body, in Fireblocks' shape.

    A name given twice is refused: two readers must not see two requests. Unknown names are allowed: the SDK sends some.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, ``OPERATION_UNSUPPORTED``, ``AMOUNT_INVALID``, ``FEE_INVALID``.
    """
    fields = _json_object(body)
    source, destination = _part(fields, "source"), _part(fields, "destination")
    if fields.get("operation", "TRANSFER") != "TRANSFER" or source.get("type") != "VAULT_ACCOUNT":
        raise StrongroomError(Code.OPERATION_UNSUPPORTED)
    if fields.get("destinations") or fields.get("treatAsGrossAmount"):
        raise StrongroomError(Code.OPERATION_UNSUPPORTED, "One destination, and the amount is what arrives.")
    one_time = _part(destination, "oneTimeAddress") if destination.get("oneTimeAddress") is not None else {}
    return TransactionRequest(
        asset_id=_text(fields, "assetId", required=True),
        source_account=_text(source, "id", required=True),
        destination_type=_text(destination, "type", required=True),
        destination_id=_text(destination, "id"),
        destination_address=_text(one_time, "address"),
        amount_text=_amount(fields),
        fee=_fee(fields),
        external_id=_text(fields, "externalTxId") or None,
        note=_text(fields, "note"),
    )


def check_depth(body: bytes) -> None:
    """Check that JSON is not nested deeper than any request is, before a parser that recurses sees it.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise StrongroomError(Code.REQUEST_INVALID, f"The body is nested deeper than {MAX_DEPTH} levels.")


def _base64url(text: str) -> bytes:
    if "=" in text or len(text) % 4 == 1:
        raise ValueError("padding")
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise ValueError("not canonical")
    return raw


def _json_object(body: bytes) -> dict[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("duplicate name")
        return dict(pairs)

    def refuse(constant: str) -> object:
        raise ValueError(constant)

    if len(body) > MAX_BODY_BYTES:
        raise StrongroomError(Code.REQUEST_INVALID, "The body exceeds 256 KiB.")
    check_depth(body)
    try:
        value = json.loads(body, parse_float=Decimal, parse_constant=refuse, object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise StrongroomError(Code.REQUEST_INVALID, "The body is not JSON with distinct names.") from None
    if not isinstance(value, dict):
        raise StrongroomError(Code.REQUEST_INVALID, "The body is a JSON object.")
    return cast("dict[str, object]", value)


def _part(fields: dict[str, object], name: str) -> dict[str, object]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise StrongroomError(Code.REQUEST_INVALID, f"{name} is an object.")
    return cast("dict[str, object]", value)


def _text(fields: dict[str, object], name: str, *, required: bool = False) -> str:
    value = fields.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > 1024 or (required and not value) or _UNSTORABLE.search(value):
        raise StrongroomError(Code.REQUEST_INVALID, f"{name} is a text of at most 1024 characters.")
    return value


def _amount(fields: dict[str, object]) -> str:
    return _decimal_text(fields.get("amount"), code=Code.AMOUNT_INVALID)


def _decimal_text(value: object, *, code: Code) -> str:
    if isinstance(value, str) and len(value) <= 200:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= 160:
        return f"{value:f}"
    raise StrongroomError(code)


def _fee(fields: dict[str, object]) -> FeeWish:
    level = _text(fields, "feeLevel") or "MEDIUM"
    if level not in ("LOW", "MEDIUM", "HIGH"):
        raise StrongroomError(Code.FEE_INVALID, "feeLevel is LOW, MEDIUM or HIGH.")
    limit = fields.get("maxTotalFee")
    return FeeWish(level=level, max_fee_text=None if limit is None else _decimal_text(limit, code=Code.FEE_INVALID))
