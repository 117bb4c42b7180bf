"""Who may call what is listed for every RPC, and for nothing else."""

import re
import tomllib
from collections.abc import Iterable

from tests.tidy.source import Source, project
from tools.generators import ROOT

ACCESS = ROOT / "src/strongroom/interfaces/access.toml"


def rpcs(sources: Iterable[Source]) -> set[str]:
    """`<service>.v1.<Service>/<Method>` of every RPC in proto/."""
    found: set[str] = set()
    for source in sources:
        package = re.search(r"^package strongroom\.([\w.]+);", source.text, re.MULTILINE)
        for service in re.finditer(r"^service (\w+) \{(.*?)^\}", source.text, re.MULTILINE | re.DOTALL):
            methods = re.findall(r"^\s*rpc (\w+)", service.group(2), re.MULTILINE)
            found |= {f"{package.group(1) if package else '?'}.{service.group(1)}/{method}" for method in methods}
    return found


def complaints(sources: Iterable[Source], access: str) -> list[str]:
    """RPCs without an entry, and entries without an RPC."""
    declared, listed = rpcs(sources), set(tomllib.loads(access)["rpc"])
    return [f"{name}: not in access.toml" for name in sorted(declared - listed)] + [
        f"{name}: in access.toml, but there is no such RPC" for name in sorted(listed - declared)
    ]


def interfaces() -> list[Source]:
    return [source for source in project() if source.path.endswith(".proto")]


def test_every_rpc_has_its_callers_listed() -> None:
    assert rpcs(interfaces())
    found = complaints(interfaces(), ACCESS.read_text())
    assert not found, "\n".join(found)


def test_an_rpc_without_entry_and_an_entry_without_rpc_are_refused() -> None:
    source = Source(path="a.proto", text="package strongroom.x.v1;\nservice X {\n  rpc Do(A) returns (B);\n}\n")
    assert complaints([source], '[rpc."x.v1.X/Undo"]\ncallers = []') == [
        "x.v1.X/Do: not in access.toml",
        "x.v1.X/Undo: in access.toml, but there is no such RPC",
    ]
    assert not complaints([source], '[rpc."x.v1.X/Do"]\ncallers = []')
