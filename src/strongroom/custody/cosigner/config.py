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
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

from strongroom.custody.cosigner.domain.limits import CLOSINGS_PER_HOUR, AssetLimit, Limits
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.kms import write_once

FILE: Final = "cosigner.toml"


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
