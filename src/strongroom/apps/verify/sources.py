"""Where the auditor reads: an environment's databases, its chains' nodes and, if given, the co-signers' homes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from strongroom.kernel.errors import Code, StrongroomError

COSIGNERS = (1, 2, 3)
_JOURNAL = "journal.sqlite"
_PLATFORM = "platform.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What to read.

    Args:
        environment: the prefix of every database's name.
        database_url: ``postgresql://ROLE:PASSWORD@HOST:PORT``, without a database; a role that can only read.
        rpc_urls: JSON-RPC address of a node, by chain id; best one that the platform does not use.
        journals: the co-signers' SQLite files, by index.
    """

    environment: str
    database_url: str = field(repr=False)
    rpc_urls: Mapping[int, str]
    journals: Mapping[int, Path] = field(default_factory=dict[int, Path])

    @classmethod
    def of_data_dir(cls, data_dir: Path) -> Self:
        """The sources of a folder that ``strongroom up`` runs in.

        Raises:
            StrongroomError: ``UNAVAILABLE`` if nothing was ever started there, ``STATE_DAMAGED`` if its settings do not
                parse.
        """
        path = data_dir / _PLATFORM
        try:
            settings: dict[str, Any] = json.loads(path.read_bytes())
            environment, address = settings["environment"], settings["database_address"]
            user, password = f"{environment}_auditor", quote(settings["auditor_password"], safe="")
            rpc_urls = {int(chain_id): url for chain_id, url in settings["chains"].items()}
        except FileNotFoundError:
            raise StrongroomError(Code.UNAVAILABLE, f"No Strongroom runs in {data_dir}: there is no {path}.") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StrongroomError(Code.STATE_DAMAGED, f"{path} does not parse.") from None
        return cls(
            environment=environment,
            database_url=f"postgresql://{user}:{password}@{address}",
            rpc_urls=rpc_urls,
            journals=find_journals({index: data_dir / f"cosigner-{index}" for index in COSIGNERS}),
        )


def find_journals(homes: Mapping[int, Path]) -> Mapping[int, Path]:
    """The journal in each of the homes.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for a home without one: a journal that is not there holds nothing.
    """
    journals = {index: home / _JOURNAL for index, home in homes.items()}
    for index, path in journals.items():
        if not path.is_file():
            raise StrongroomError(Code.CONFIG_INVALID, f"Co-signer {index} has no journal at {path}.")
    return journals
