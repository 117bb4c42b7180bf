"""Settings of a process or a service: a TOML file, overridden by environment variables, refused when not understood.

``STRONGROOM_WIRE__PORT=7001`` sets ``port`` in the table ``wire``. A variable with the prefix that names no setting is
refused, so a misspelt one is noticed. What the fields of a service's settings mean is said in its own ``config.py``.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec

from strongroom.kernel.errors import Code, StrongroomError

PREFIX: Final = "STRONGROOM_"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every settings structure: frozen, typed, no unknown keys."""


S = TypeVar("S", bound=Settings)


def load_settings(kind: type[S], *, file: Path | None, environ: Mapping[str, str], prefix: str = PREFIX) -> S:
    """The settings in ``file`` (absent: defaults) with the variables of ``environ`` laid over them.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` naming the key; never its value, which may be a secret.
    """
    values = _read(file)
    for name, text in sorted(environ.items()):
        if name.startswith(prefix):
            _lay_over(kind, values, name.removeprefix(prefix).lower().split("__"), text, name)
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise StrongroomError(Code.CONFIG_INVALID, str(error)) from None


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise StrongroomError(Code.CONFIG_INVALID, f"{file.name} cannot be read as TOML") from None


def _lay_over(kind: type[Any], values: dict[str, Any], path: list[str], text: str, variable: str) -> None:
    """Set one value, parsed as the type of the field it is for."""
    head, *rest = path
    field = next((field for field in msgspec.structs.fields(kind) if field.encode_name == head), None)
    nested = field is not None and isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
    if field is None or nested != bool(rest):
        raise StrongroomError(Code.CONFIG_INVALID, f"{variable} names no setting")
    if nested:
        table = cast("dict[str, Any]", values.setdefault(head, {}))
        _lay_over(cast("type[Any]", field.type), table, rest, text, variable)
        return
    try:
        values[head] = msgspec.to_builtins(msgspec.convert(text, cast("Any", field.type), strict=False))
    except msgspec.ValidationError:
        raise StrongroomError(Code.CONFIG_INVALID, f"{variable} is not of the expected type") from None
