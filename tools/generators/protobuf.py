"""gRPC stubs: proto/strongroom/<service>/v1/<service>.proto -> strongroom.interfaces.<service>.v1.<service>_pb2*."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools.generators import Generator

SOURCES = "proto"
TARGET = "src/strongroom/interfaces"
_OWN_IMPORT = re.compile(r"^(\s*(?:from|import) )strongroom\.", re.MULTILINE)


def make(root: Path) -> Mapping[str, str]:
    """Compile every .proto below proto/; raises CalledProcessError with the compiler's own message on stderr."""
    sources = sorted(path.relative_to(root / SOURCES).as_posix() for path in (root / SOURCES).rglob("*.proto"))
    if not sources:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        _compile(root, sources, folder)
        compiled = Path(folder) / "strongroom"
        files = {_place(path, compiled): _rewrite(path.read_text()) for path in sorted(compiled.rglob("*.py*"))}
    return files | _package_files(sources)


def _compile(root: Path, sources: list[str], folder: str) -> None:
    outputs = [f"--{plugin}_out={folder}" for plugin in ("python", "grpc_python", "mypy", "mypy_grpc")]
    beside_python = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{SOURCES}", *outputs, *sources]
    ran = subprocess.run(command, cwd=root, env=beside_python, check=False, capture_output=True, text=True)
    if ran.returncode != 0:
        sys.stderr.write(ran.stderr)
    ran.check_returncode()


def _place(path: Path, compiled: Path) -> str:
    return f"{TARGET}/{path.relative_to(compiled).as_posix()}"


def _rewrite(text: str) -> str:
    """The protobuf package is strongroom.<service>; its stubs live in strongroom.interfaces.<service>."""
    return _OWN_IMPORT.sub(r"\1strongroom.interfaces.", text)


def _package_files(sources: list[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for source in sources:
        _, service, version, _ = source.split("/")
        head = f'"""Generated from {SOURCES}/{source} by `make generate`; do not edit."""\n'
        files[f"{TARGET}/{service}/__init__.py"] = head
        files[f"{TARGET}/{service}/{version}/__init__.py"] = head
    return files


GENERATOR = Generator(
    name="protobuf",
    owns=(f"{TARGET}/*/__init__.py", f"{TARGET}/*/v*/*.py", f"{TARGET}/*/v*/*.pyi"),
    make=make,
)
