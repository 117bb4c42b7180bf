"""The HTTP signature of World-Check One: HMAC-SHA256 over an exact string (travel_rule.md 8.3)."""

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

CONTENT_TYPE: Final = "application/json"
_HEADERS: Final = "(request-target) host date"
_HEADERS_WITH_BODY: Final = f"{_HEADERS} content-type content-length"


def signed_headers(
    *, method: str, target: str, host: str, now: datetime, key: str, secret: str, body: bytes | None
) -> dict[str, str]:
    """The headers of one request, ``Authorization`` among them.

    Args:
        method: ``GET`` or ``POST``.
        target: the path from the root, as it is sent.
        host: the value of the Host header, as it is sent.
        now: the moment, in its minute or the request is refused.
        key: names who signs.
        secret: signs.
        body: signed with its type and its length in bytes; None for a request without one, which signs neither.
    """
    date = format_datetime(now.astimezone(UTC), usegmt=True)
    headers = {"Host": host, "Date": date}
    text = f"(request-target): {method.lower()} {target}\nhost: {host}\ndate: {date}".encode()
    if body is not None:
        headers |= {"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))}
        text += f"\ncontent-type: {CONTENT_TYPE}\ncontent-length: {len(body)}\n".encode() + body
    signature = b64encode(hmac.digest(secret.encode(), text, sha256)).decode()
    named = _HEADERS if body is None else _HEADERS_WITH_BODY
    headers["Authorization"] = (
        f'Signature keyId="{key}",algorithm="hmac-sha256",headers="{named}",signature="{signature}"'
    )
    return headers
