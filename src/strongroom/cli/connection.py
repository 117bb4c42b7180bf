"""Which Strongroom a command talks to, and as whom."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import msgspec
from cyclopts import Group, Parameter

from strongroom.cli.failures import NothingRunningError, WrongUsageError
from strongroom.client import ApiCredentials, Strongroom

DEFAULT_DATA_DIR = Path(".strongroom")
"""Where ``strongroom up`` keeps its state unless told otherwise: in the current folder."""
READY_FILE = "ready.json"
_GROUP = Group(
    "Connection",
    help="Without any: what a `strongroom up` in the current folder wrote to .strongroom/ready.json.",
    sort_key=9,
)
_TOGETHER = "Give --url, --api-key and --key-file together, or --ready-file alone."


class ReadyFile(msgspec.Struct, frozen=True, kw_only=True):
    """What ``strongroom up`` writes for other programs; unknown names are allowed."""

    base_url: str
    api_key: str
    api_private_key_pem: str
    vault_account_id: str = ""
    asset_id: str = ""
    operator_token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A Strongroom, and who speaks to it; the defaults are those of a ready file, or empty."""

    base_url: str
    credentials: ApiCredentials | None
    operator_token: str = field(default="", repr=False)
    vault_account_id: str = ""
    asset_id: str = ""

    def client(self) -> Strongroom:
        """A connection as the API user."""
        if self.credentials is None:
            raise WrongUsageError("This needs an API user.", _TOGETHER)
        return Strongroom(self.base_url, credentials=self.credentials)

    def operator(self) -> Strongroom:
        """A connection as the platform's operator."""
        if not self.operator_token:
            raise WrongUsageError(
                "This needs the operator's token.", "Set STRONGROOM_OPERATOR_TOKEN, or use the --ready-file of `up`."
            )
        return Strongroom(self.base_url, operator_token=self.operator_token)

    def anyone(self) -> Strongroom:
        """A connection as whoever there are credentials of: for what both may ask."""
        return Strongroom(self.base_url, credentials=self.credentials, operator_token=self.operator_token or None)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The options that say which Strongroom; each may stand in the environment too, where an option wins."""

    url: Annotated[str | None, Parameter(help="Its REST door, http://HOST:PORT/v1 [env: STRONGROOM_URL].")] = None
    api_key: Annotated[str | None, Parameter(help="The API user [env: STRONGROOM_API_KEY].")] = None
    key_file: Annotated[
        Path | None, Parameter(help="The API user's RSA private key, PEM [env: STRONGROOM_KEY_FILE].")
    ] = None
    ready_file: Annotated[Path | None, Parameter(help="What `strongroom up` wrote [env: STRONGROOM_READY_FILE].")] = (
        None
    )

    def target(self) -> Target:
        """The Strongroom that options and environment name.

        Options go before the environment; within each, a URL with its credentials goes before a ready file.

        Raises:
            WrongUsageError: if what they name is not complete or cannot be read.
            NothingRunningError: if there is no ready file.
            StrongroomError: ``CONFIG_INVALID`` if the key is none.
        """
        given = bool(self.url or self.api_key or self.key_file)
        named = given or any(map(_environment, ("STRONGROOM_URL", "STRONGROOM_API_KEY", "STRONGROOM_KEY_FILE")))
        if given or (named and self.ready_file is None):
            return self._explicit()
        kept = _environment("STRONGROOM_READY_FILE")
        return _read_ready_file(self.ready_file or (Path(kept) if kept else DEFAULT_DATA_DIR / READY_FILE))

    def _explicit(self) -> Target:
        url = self.url or _environment("STRONGROOM_URL")
        api_key = self.api_key or _environment("STRONGROOM_API_KEY")
        key_file = self.key_file or _environment("STRONGROOM_KEY_FILE")
        operator_token = _environment("STRONGROOM_OPERATOR_TOKEN")
        missing = [] if url else ["--url"]
        if api_key or key_file or not operator_token:  # the operator alone needs no API user
            missing += [name for name, value in (("--api-key", api_key), ("--key-file", key_file)) if not value]
        if missing:
            raise WrongUsageError(f"{' and '.join(missing)} missing.", _TOGETHER)
        credentials = ApiCredentials.from_pem(api_key, read_file(Path(key_file))) if api_key else None
        return Target(base_url=_parse_url(url), credentials=credentials, operator_token=operator_token)


def _read_ready_file(path: Path) -> Target:
    try:
        ready = msgspec.json.decode(path.read_bytes(), type=ReadyFile)
    except FileNotFoundError:
        raise NothingRunningError(f"No running Strongroom found: there is no {path}.") from None
    except OSError as error:
        _unreadable(path, error)
    except msgspec.DecodeError as error:
        raise WrongUsageError(f"{path} is no ready file: {error}", "Name the one that `strongroom up` wrote.") from None
    return Target(
        base_url=_parse_url(ready.base_url),
        credentials=ApiCredentials.from_pem(ready.api_key, ready.api_private_key_pem.encode()),
        operator_token=_environment("STRONGROOM_OPERATOR_TOKEN") or ready.operator_token,
        vault_account_id=ready.vault_account_id,
        asset_id=ready.asset_id,
    )


def _parse_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise WrongUsageError(f"{text!r} is no address of a REST door.", "It looks like http://127.0.0.1:8080/v1.")
    return text.rstrip("/")


def read_file(path: Path) -> bytes:
    """The bytes of a file that the user named; ``WrongUsageError`` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        _unreadable(path, error)


def _unreadable(path: Path, error: OSError) -> NoReturn:
    raise WrongUsageError(f"{path} cannot be read: {error.strerror}.", "Check its name and whose it is.") from None


def _environment(name: str) -> str:
    return os.environ.get(name, "")
