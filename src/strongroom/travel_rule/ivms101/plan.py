"""What the structs of ``model`` say about each element, taken from their types, so that it is said only once."""

import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from msgspec import inspect

from strongroom.travel_rule.ivms101.findings import Constraint
from strongroom.travel_rule.ivms101.model import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of ``least`` to ``most`` characters in a script: ``latin``, ``name``, ``any`` or ``date``."""

    least: int
    most: int
    script: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """One of a list. ``folded`` finds a code whatever its case; ``constraint`` is what another value breaks."""

    folded: Mapping[str, str]
    constraint: Constraint


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number from 0 to ``most``."""

    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One element of a component. ``most`` bounds an array; None without bound."""

    attribute: str
    name: str
    holds: Text | Codes | Number | type[Element]
    is_array: bool
    is_required: bool
    most: int | None


@functools.cache
def slots_of(cls: type[Element]) -> Mapping[str, Slot]:
    """The elements of a component by their names in JSON."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _slot(field) for field in info.fields}


def children_of(cls: type[Element]) -> tuple[tuple[str, bool], ...]:
    """The attributes of a component that hold components, and whether as an array."""
    return _CHILDREN[cls]


def elements_of(root: Element) -> list[Element]:
    """A component and all components inside it, each before what it holds."""
    found = [root]
    for element in found:  # grows while it is read
        if (inside := _INSIDE.get(type(element))) is not None:
            for value in inside(element):
                if value:
                    if type(value) is tuple:
                        found += value
                    else:
                        found.append(value)
    return found


def _slot(field: inspect.Field) -> Slot:
    kind, extra = _bare(field.type)
    most = None
    is_array = isinstance(kind, inspect.VarTupleType)
    if isinstance(kind, inspect.VarTupleType):
        most = kind.max_length
        kind, extra = _bare(kind.item_type)
    return Slot(
        attribute=field.name,
        name=field.encode_name,
        holds=_holds(kind, extra),
        is_array=is_array,
        is_required=field.required,
        most=most,
    )


def _bare(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """A type without None and without what is noted beside it, and the notes."""
    if isinstance(kind, inspect.UnionType):
        (kind,) = (part for part in kind.types if not isinstance(part, inspect.NoneType))
    if isinstance(kind, inspect.Metadata):
        return kind.type, cast("dict[str, Any]", kind.extra or {})
    return kind, {}


def _holds(kind: inspect.Type, extra: dict[str, Any]) -> Text | Codes | Number | type[Element]:
    match kind:
        case inspect.StrType():
            return Text(least=kind.min_length or 0, most=kind.max_length or 0, script=extra["script"])
        case inspect.LiteralType():
            codes = cast("tuple[str, ...]", kind.values)
            constraint = Constraint(extra.get("constraint", Constraint.CODE))
            return Codes(folded={code.casefold(): code for code in codes}, constraint=constraint)
        case inspect.IntType():
            return Number(most=int(kind.le or 0))
        case inspect.StructType():
            return cast("type[Element]", kind.cls)
        case _:
            raise msgspec.ValidationError(f"the model holds nothing of the kind {kind}")


_CHILDREN = {
    cls: tuple((slot.attribute, slot.is_array) for slot in slots_of(cls).values() if isinstance(slot.holds, type))
    for cls in Element.__subclasses__()
}


def _getter(names: tuple[str, ...]) -> Callable[[Element], tuple[Any, ...]]:
    """The values of several attributes at once: much faster than one by one."""
    getter = operator.attrgetter(*names)
    return getter if len(names) > 1 else lambda element: (getter(element),)


_INSIDE = {cls: _getter(tuple(name for name, _ in inside)) for cls, inside in _CHILDREN.items() if inside}
