"""Who may call what: ``interfaces/access.toml``. What is not listed there may be called by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final, final

import msgspec

from strongroom.kernel.errors import Code, StrongroomError

_PACKAGE: Final = "/strongroom."


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    callers: tuple[str, ...]
    transaction: bool = False


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rpc: dict[str, _Entry] = {}


@dataclass(frozen=True, slots=True)
class AccessRule:
    """One RPC: who may call it, and whether its handoff must name a transaction."""

    callers: frozenset[str]
    transaction: bool = False


def method_of(path: str) -> str:
    """``/strongroom.nodes.v1.Nodes/GetBlock`` as ``access.toml`` and handoffs name it: ``nodes.v1.Nodes/GetBlock``."""
    return path.removeprefix(_PACKAGE)


@final
class Access:
    """The rules of one ``access.toml``."""

    def __init__(self, rules: Mapping[str, AccessRule]) -> None:
        self._rules = dict(rules)

    @classmethod
    def parse(cls, text: str) -> "Access":
        """The rules of a file's text; ``CONFIG_INVALID`` for a key that is not known."""
        try:
            file = msgspec.toml.decode(text, type=_File)
        except msgspec.DecodeError as error:
            raise StrongroomError(Code.CONFIG_INVALID, f"access.toml: {error}") from error
        return cls({name: AccessRule(frozenset(e.callers), e.transaction) for name, e in file.rpc.items()})

    @classmethod
    def load(cls) -> "Access":
        """The rules that come with this version of Strongroom."""
        return cls.parse(resources.files("strongroom.interfaces").joinpath("access.toml").read_text("utf-8"))

    def check(self, *, caller: str, method: str) -> AccessRule:
        """The rule of ``method`` if ``caller`` may call it; raises ``CALLER_NOT_ALLOWED``."""
        rule = self._rules.get(method)
        if rule is None or caller not in rule.callers:
            raise StrongroomError(Code.CALLER_NOT_ALLOWED, f"{caller} may not call {method}")
        return rule
