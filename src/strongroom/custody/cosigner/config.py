"""``cosigner.toml`` in the co-signer's home: who we are and what we sign at most. The operator's own, nobody's else.

.. code-block:: toml

    index = 3
    operator = "customer"
    environment = "sandbox"
    max_fee_units = "10000000000000000"     # optional, in the chain's native coin
    closings_per_hour = 1000                # optional: of requests that were never consented to here

    [limits.ETH_TEST]                       # an asset that is not listed is refused
    per_transaction_units = "5000000000000000000"
    rolling_24h_units = "20000000000000000000"

``callback.toml`` beside it, where there is one, names the handler that is asked before every consent:

.. code-block:: toml

    url = "https://handler.example/cosigner"  # http on loopback only; /v2/tx_sign_request is appended
    timeout_s = 30                            # for one answer
    retry_s = 10                              # after no answer, before the same question is asked again
    ca_file = "/path/ca.pem"                  # optional: the roots of the handler's certificate, else the system's
    handler_key = '''
    -----BEGIN PUBLIC KEY-----
    ...'''
"""

import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from strongroom.custody.cosigner.domain.limits import CLOSINGS_PER_HOUR, AssetLimit, Limits
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.kms import write_once

FILE: Final = "cosigner.toml"
CALLBACK_FILE: Final = "callback.toml"
CALLBACK_KEY_FILE: Final = "callback_key.pem"
"""Our private key for callbacks, PEM: the handler verifies questions with its other half."""


class _Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    per_transaction_units: str | int
    rolling_24h_units: str | int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    operator: str
    environment: Environment = Environment.SANDBOX
    max_fee_units: str | int | None = None
    closings_per_hour: Annotated[int, msgspec.Meta(ge=1)] = CLOSINGS_PER_HOUR
    limits: dict[str, _Limit] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignerConfig:
    """What ``cosigner.toml`` says."""

    index: int
    operator: str
    environment: Environment
    limits: Limits


def load_config(home: Path) -> CosignerConfig:
    """The settings in a co-signer's home.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    path = home / FILE
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        raise _invalid(f"{path} is missing: run strongroom-cosigner init first.") from None
    except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        raise _invalid(f"{path}: {error}") from None
    if not 1 <= file.index <= 3 or not file.operator:
        raise _invalid(f"{path}: index is 1, 2 or 3, and operator is not empty.")
    assets = {
        name: AssetLimit(
            per_transaction_units=_units(limit.per_transaction_units),
            rolling_24h_units=_units(limit.rolling_24h_units),
        )
        for name, limit in file.limits.items()
    }
    max_fee = None if file.max_fee_units is None else _units(file.max_fee_units)
    return CosignerConfig(
        index=file.index,
        operator=file.operator,
        environment=file.environment,
        limits=Limits(assets=assets, max_fee_units=max_fee, closings_per_hour=file.closings_per_hour),
    )


def write_config(home: Path, config: CosignerConfig) -> None:
    """Write a new ``cosigner.toml``; one that is there already stays as it is."""
    head = {"index": config.index, "operator": config.operator, "environment": str(config.environment)}
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in head.items()]
    if config.limits.max_fee_units is not None:
        lines.append(f'max_fee_units = "{config.limits.max_fee_units}"')
    if config.limits.closings_per_hour != CLOSINGS_PER_HOUR:
        lines.append(f"closings_per_hour = {config.limits.closings_per_hour}")
    for asset_id, limit in config.limits.assets.items():
        lines += [
            "",
            f"[limits.{msgspec.json.encode(asset_id).decode()}]",
            f'per_transaction_units = "{limit.per_transaction_units}"',
            f'rolling_24h_units = "{limit.rolling_24h_units}"',
        ]
    write_once(home / FILE, ("\n".join(lines) + "\n").encode())


def _units(value: str | int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise _invalid(f"{FILE}: {text[:40]!r} is not a whole number of base units.")
    return int(text)


def _invalid(detail: str) -> StrongroomError:
    return StrongroomError(Code.CONFIG_INVALID, detail)


class _CallbackFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: str
    handler_key: str
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = 30.0
    retry_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 10.0
    ca_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackConfig:
    """What ``callback.toml`` says; ``handler_key`` and the file ``ca_file`` are PEM."""

    url: str
    handler_key: str
    timeout_s: float
    retry_s: float
    ca_file: str

    @property
    def is_tls(self) -> bool:
        """Whether it is reached by https."""
        return self._parts.scheme == "https"

    @property
    def host(self) -> str:
        """Name or address."""
        return self._parts.hostname or ""

    @property
    def port(self) -> int:
        """The TCP port; the scheme's own where the URL has none."""
        return self._parts.port or (443 if self.is_tls else 80)

    @property
    def path(self) -> str:
        """The base path."""
        return self._parts.path

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)


def find_callback_config(home: Path) -> CallbackConfig | None:
    """The callback handler of this co-signer; None if it has none.

    Raises:
        StrongroomError: ``CONFIG_INVALID``: a handler that cannot be read is not as if there were none.
    """
    path = home / CALLBACK_FILE
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_CallbackFile)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        raise _invalid(f"{path}: {error}") from None
    config = CallbackConfig(
        url=file.url,
        handler_key=file.handler_key,
        timeout_s=file.timeout_s,
        retry_s=file.retry_s,
        ca_file=file.ca_file,
    )
    _check_url(config.url)
    return config


def write_callback_config(home: Path, config: CallbackConfig) -> None:
    """Write ``callback.toml``, in place of one that is there.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    _check_url(config.url)
    fields = {"url": config.url, "timeout_s": config.timeout_s, "retry_s": config.retry_s}
    fields |= {"ca_file": config.ca_file, "handler_key": config.handler_key}
    lines = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in fields.items()]
    draft = home / f"{CALLBACK_FILE}.new"
    draft.unlink(missing_ok=True)
    write_once(draft, ("\n".join(lines) + "\n").encode())
    draft.replace(home / CALLBACK_FILE)  # at no moment is there none


def read_callback_key(home: Path) -> bytes:
    """Our private key for callbacks, PEM.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` without one; ``STATE_DAMAGED`` if others can read it.
    """
    path = home / CALLBACK_KEY_FILE
    try:
        if path.stat().st_mode & 0o077:
            raise StrongroomError(Code.STATE_DAMAGED, f"Key file {path.name} can be read by others.")
        return path.read_bytes()
    except OSError:
        raise _invalid(f"{path} is missing: run strongroom-cosigner callback key first.") from None


def remove_callback_config(home: Path) -> None:
    """Ask nobody from the next start on."""
    (home / CALLBACK_FILE).unlink(missing_ok=True)


def _check_url(url: str) -> None:
    """Check that questions go out encrypted, or stay on this machine; nothing but host and path is in the URL."""
    with suppress(ValueError):
        parts = urlsplit(url)
        plain = not (parts.username or parts.password or parts.query or parts.fragment) and url.isprintable()
        reaches = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
        if plain and " " not in url and url.isascii() and parts.hostname and parts.port != 0 and reaches:
            return
    raise _invalid("The callback URL is https, or http on loopback, with nothing but a host and a path.")


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
