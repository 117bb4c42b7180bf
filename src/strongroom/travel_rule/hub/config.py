"""Settings of the hub: a TOML file, overridden by environment variables (``STRONGROOM_HUB_DATABASE_DSN``)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.config import Settings, load_settings

PREFIX: Final = "STRONGROOM_HUB_"
_Seconds = Annotated[float, msgspec.Meta(gt=0)]
_Amount = Annotated[int, msgspec.Meta(ge=1)]
_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]


class HubConfig(Settings, frozen=True):
    """What an operator sets.

    Args:
        database_dsn: ``postgresql://role:password@host:port/database`` of the hub's own role.
        authority_key: the network authority's Ed25519 public key, 64 hexadecimal digits.
        tls_folder: of the hub's TLS identity: ``tls.key``, ``tls.pem``, ``root.pem``.
        environment: whose certificates it believes.
        host, port: where its door listens.
        max_connections: to the database.
        directory_s: how often it looks for members that were enrolled.
        health_s: how often it asks the enclaves whether they are up.
        counterparty_s: how long an enclave may take to answer a message; it asks its own back end for up to 5 s.
        keep_passages_days: how long it keeps that a message passed.
        member_requests_per_s, member_requests_burst: how many requests a member may make, and how many at once.
        member_bytes_per_s, member_bytes_burst: the same for the bytes of its messages and of directories it is given.
        log_level: of what it writes to standard error.
    """

    database_dsn: str
    authority_key: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    tls_folder: str
    environment: Environment = Environment.SANDBOX
    host: str = "127.0.0.1"
    port: int = 8620
    max_connections: int = 4
    directory_s: _Seconds = 2.0
    health_s: _Seconds = 10.0
    counterparty_s: _Seconds = 7.0
    keep_passages_days: _Days = 90
    member_requests_per_s: _Amount = 1_000
    member_requests_burst: _Amount = 2_000
    member_bytes_per_s: _Amount = 16 << 20
    member_bytes_burst: _Amount = 64 << 20
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def __repr__(self) -> str:
        """No secret of it."""
        return f"HubConfig(environment={self.environment!r}, port={self.port})"


def load_config(file: Path, *, environ: Mapping[str, str]) -> HubConfig:
    """The settings of a file, with the environment's laid over them.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` naming the setting, never its value.
    """
    config = load_settings(HubConfig, file=file, environ=environ, prefix=PREFIX)
    if not (Path(config.tls_folder) / "tls.pem").is_file():
        raise StrongroomError(Code.CONFIG_INVALID, "tls_folder holds no tls.pem.")
    return config
