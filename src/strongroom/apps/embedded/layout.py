"""The data folder of an embedded Strongroom: where everything is, and the secrets that only this folder knows."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import write_once

ENVIRONMENT = Environment.SANDBOX
"""The embedded mode makes keys at once, so it is never live (trust.md 2)."""


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Made once, kept in ``secrets.json`` (0600)."""

    operator_token: str
    auditor_password: str
    service_passwords: dict[str, str]

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Secrets(hidden)"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths inside one data folder."""

    data_dir: Path

    @classmethod
    def at(cls, data_dir: Path) -> Self:
        """The layout of a folder, made if absent; only its owner can list it."""
        folder = data_dir.absolute()
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if made:
            folder.chmod(0o711)  # whatever the umask: PostgreSQL's own account passes through it
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
        return cls(folder)

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder."""
        return self.data_dir / "postgres"

    @property
    def chain(self) -> Path:
        """The development chain's folder."""
        return self.data_dir / "chain"

    @property
    def pki(self) -> Path:
        """The certificate authority."""
        return self.data_dir / "pki"

    @property
    def tenant(self) -> Path:
        """What the first tenant keeps: owner keys, API key, document set. A real tenant keeps it elsewhere."""
        return self.data_dir / "tenant"

    @property
    def platform_settings(self) -> Path:
        """The settings of the platform process."""
        return self.data_dir / "platform.json"

    @property
    def travel_rule(self) -> Path:
        """Names the file with the Travel Rule enclave's settings, where there is one."""
        return self.data_dir / "travel_rule_file"

    def kms(self, service: str) -> Path:
        """The software keys of one service."""
        return self.data_dir / "kms" / service

    def cosigner(self, index: int) -> Path:
        """The home of one co-signer."""
        return self.data_dir / f"cosigner-{index}"

    def log(self, name: str) -> Path:
        """The log of one process."""
        return self.data_dir / "logs" / f"{name}.log"

    def secrets(self, services: tuple[str, ...], entropy: Entropy) -> Secrets:
        """The folder's secrets, made at the first call.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` if the file does not parse or lacks a service.
        """
        path = self.data_dir / "secrets.json"
        if not path.exists():
            made = Secrets(
                operator_token=entropy.token(24).hex(),
                auditor_password=entropy.token(24).hex(),
                service_passwords={service: entropy.token(24).hex() for service in services},
            )
            write_once(path, json.dumps(msgspec.to_builtins(made)).encode())
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=Secrets)
        except (OSError, msgspec.DecodeError):
            raise StrongroomError(Code.STATE_DAMAGED, f"{path} does not parse.") from None
        if not set(services) <= kept.service_passwords.keys():
            raise StrongroomError(Code.STATE_DAMAGED, f"{path} lacks a service's password.")
        return kept


def replace_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in place of what was there."""
    path.unlink(missing_ok=True)
    write_once(path, content)
