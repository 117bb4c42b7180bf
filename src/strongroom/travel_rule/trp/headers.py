"""The headers of TRP: version, request identifier, extensions, content type; and the status that each fault has."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from strongroom.travel_rule.trp.versions import LATEST, is_spoken

VERSION: Final = "api-version"
IDENTIFIER: Final = "request-identifier"
EXTENSIONS: Final = "api-extensions"
JSON: Final = "application/json; charset=utf-8"
_TYPE: Final = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HeaderList = Sequence[tuple[bytes, bytes]]


class FaultError(Exception):
    """A request that is answered with a status and a sentence; neither holds anything of what it carried."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands around a message."""

    version: str
    identifier: str
    extensions: tuple[str, ...] = ()


def parse_head(headers: HeaderList, *, supported: Iterable[str] = ()) -> Head:
    """The head of a message that is posted.

    Raises:
        FaultError: 400 for a version or identifier that is missing, malformed, given twice or not spoken; 415 for
            another content type than JSON in UTF-8; 501 for an extension that is not supported.
    """
    version = _needed(headers, VERSION)
    if not is_spoken(version):
        raise FaultError(400, f"{VERSION} is 3.0.0 to {LATEST}.")
    identifier = _needed(headers, IDENTIFIER)
    if not _UUID.fullmatch(identifier):
        raise FaultError(400, f"{IDENTIFIER} is a UUID.")
    if not _TYPE.fullmatch(_one(headers, "content-type") or ""):
        raise FaultError(415, "The content type is application/json, in UTF-8.")
    listed = [name.strip().lower() for name in (_one(headers, EXTENSIONS) or "").split(",")]
    extensions = tuple(name for name in listed if name)
    if set(extensions) - set(supported):
        raise FaultError(501, "An extension is asked for that is not supported.")
    return Head(version=version, identifier=str(UUID(identifier)), extensions=extensions)


def echoed(headers: HeaderList) -> list[tuple[bytes, bytes]]:
    """What every answer carries: the request's version, or the newest if that is not spoken, and its identifier."""
    versions, identifiers = _all(headers, VERSION), _all(headers, IDENTIFIER)
    version = versions[0] if len(versions) == 1 and is_spoken(versions[0]) else LATEST
    echo = [(VERSION.encode(), version.encode())]
    if len(identifiers) == 1 and _UUID.fullmatch(identifiers[0]):
        echo.append((IDENTIFIER.encode(), identifiers[0].encode()))
    return echo


def head_of(*, version: str, identifier: str, extensions: Sequence[str] = ()) -> dict[str, str]:
    """The headers of a message to send."""
    head = {VERSION: version, IDENTIFIER: identifier, "content-type": JSON}
    return {**head, EXTENSIONS: ",".join(extensions)} if extensions else head


def _needed(headers: HeaderList, name: str) -> str:
    value = _one(headers, name)
    if not value:
        raise FaultError(400, f"{name} is missing.")
    return value


def _one(headers: HeaderList, name: str) -> str | None:
    values = _all(headers, name)
    if len(values) > 1:
        raise FaultError(400, f"{name} is given twice.")
    return values[0] if values else None


def _all(headers: HeaderList, name: str) -> list[str]:
    wanted = name.encode()
    return [value.decode("latin-1").strip() for key, value in headers if key.lower() == wanted]
