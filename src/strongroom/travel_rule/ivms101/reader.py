"""Any JSON value read as a component of the model: every fault and every other spelling noted, not only the first.

The path that most payloads take is shorter: see ``payload``. Both decode by the same structs.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.aliases import code_of, spelled
from strongroom.travel_rule.ivms101.findings import Constraint, Profile
from strongroom.travel_rule.ivms101.plan import Codes, Number, Slot, Text, slots_of
from strongroom.travel_rule.ivms101.report import Report

DIALECT = "DIALECT"
UNKNOWN = "UNKNOWN"
EMPTY = "EMPTY"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_HANGUL = re.compile(r"[ -~\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]*")
_KINDS = frozenset({"naturalPerson", "legalPerson"})
_WRAPPERS: Mapping[type[model.Element], str] = {
    model.OriginatingVASP: "originatingVASP",
    model.BeneficiaryVASP: "beneficiaryVASP",
}


class Reader:
    """Reads components into ``report``.

    Args:
        report: where findings go.
        profile: whether names may be Hangul.
    """

    def __init__(self, report: Report, profile: Profile) -> None:
        self._report = report
        self._profile = profile

    def component(self, cls: type[model.Element], value: object, path: str) -> model.Element:
        """A component; where the input lacks what is required, a placeholder that is placed nowhere."""
        fields = self._object(cls, value, path)
        if fields is None:
            return _placeholder(cls)
        names: dict[str, str] = {}
        found: dict[str, object] = {}
        for name, item in fields.items():
            slot = self._slot(cls, name, path)
            if slot is None or not self._is_present(slot, item, _below(path, name)):
                continue
            if slot.attribute in found:
                message = f"{slot.name} stands here under two names."
                self._report.violate(Constraint.MULTIPLICITY, _below(path, name), message)
                continue
            names[slot.attribute] = name
            found[slot.attribute] = self._value(slot, item, _below(path, name))
        for slot in slots_of(cls).values():
            if slot.is_required and slot.attribute not in found:
                self._report.violate(Constraint.MULTIPLICITY, f"{path}.{slot.name}", f"{slot.name} is missing.")
                found[slot.attribute] = _nothing(slot)
        element = cls(**cast("dict[str, Any]", found))
        self._report.place(element, path, names)
        return element

    def _object(self, cls: type[model.Element], value: object, path: str) -> Mapping[str, object] | None:
        """The fields of a component: an object, or what other dialects write for one."""
        if isinstance(value, list):
            return self._object_of_list(cls, cast("list[object]", value), path)
        if not isinstance(value, dict):
            self._report.violate(Constraint.TYPE, path, "This is an object.")
            return None
        fields = cast("dict[str, object]", value)
        inner = _WRAPPERS.get(cls)
        if inner is not None and not _KINDS.isdisjoint(spelled(model.Person, name) for name in fields):
            self._report.warn(DIALECT, path, f"The person stands here without {inner} around it.")
            return {inner: fields}
        return fields

    def _object_of_list(self, cls: type[model.Element], items: list[object], path: str) -> Mapping[str, object] | None:
        if cls is model.TransferPath:
            self._report.warn(DIALECT, path, "The intermediaries stand here without transferPath around them.")
            return {"transferPath": items}
        is_name = cls in {model.NaturalPersonName, model.LegalPersonName}
        if items and (len(items) == 1 or is_name) and all(isinstance(item, dict) for item in items):
            self._report.warn(DIALECT, path, "A list stands here for one object.")
            return _merged(cast("list[dict[str, object]]", items))
        self._report.violate(Constraint.MULTIPLICITY, path, "This is one object, not a list.")
        return None

    def _slot(self, cls: type[model.Element], name: str, path: str) -> Slot | None:
        slots = slots_of(cls)
        if (slot := slots.get(name)) is not None:
            return slot
        if (slot := slots.get(spelled(cls, name))) is not None:
            self._report.warn(DIALECT, _below(path, name), f"Read as {slot.name}.")
            return slot
        self._report.warn(UNKNOWN, _below(path, name), "The standard has no such element; it is not read.")
        return None

    def _is_present(self, slot: Slot, item: object, path: str) -> bool:
        """False where an absent element is written as null or as an empty text (protojson, CODE)."""
        if item is None or (item == "" and not slot.is_required):
            self._report.warn(EMPTY, path, "Empty, and read as absent.")
            return False
        return True

    def _value(self, slot: Slot, item: object, path: str) -> object:
        if not slot.is_array:
            return self._one(slot, item, path)
        if not isinstance(item, list):
            self._report.warn(DIALECT, path, "One value stands here for a list.")
            return (self._one(slot, item, path),)
        items = cast("list[object]", item)
        if slot.most is not None and len(items) > slot.most:
            self._report.violate(Constraint.MULTIPLICITY, path, f"At most {slot.most} of these.")
        return tuple(self._one(slot, each, f"{path}[{index}]") for index, each in enumerate(items))

    def _one(self, slot: Slot, item: object, path: str) -> object:
        match slot.holds:
            case Text() as text:
                return self._text(text, item, path)
            case Codes() as codes:
                return self._code(codes, item, path)
            case Number() as number:
                return self._number(number, item, path)
            case cls:
                return self.component(cls, item, path)

    def _text(self, text: Text, item: object, path: str) -> str:
        if not isinstance(item, str):
            self._report.violate(Constraint.TYPE, path, "This is a text.")
            return ""
        if not text.least <= len(item) <= text.most:
            message = f"{text.least} to {text.most} characters; these are {len(item)}."
            self._report.violate(Constraint.LENGTH, path, message)
        if not self._is_in_script(text.script, item):
            message = "A local name is one line." if text.script == "any" else "Printable ASCII characters only."
            self._report.violate(Constraint.CHARACTERS, path, message)
        return item

    def _is_in_script(self, script: str, item: str) -> bool:
        if script == "any":
            return "\n" not in item
        if script == "name" and self._profile.hangul_names:
            return _HANGUL.fullmatch(item) is not None
        return item.isascii() and (item.isprintable() or not item)

    def _code(self, codes: Codes, item: object, path: str) -> str:
        if not isinstance(item, str):
            self._report.violate(Constraint.TYPE, path, "This is a code, as text.")
            return ""
        code = codes.folded.get(code_of(item).casefold())
        if code is None:
            self._report.violate(codes.constraint, path, "Not a code of this list.")
            return item
        if code != item:
            self._report.warn(DIALECT, path, f"Read as {code}.")
        return code

    def _number(self, number: Number, item: object, path: str) -> int:
        if isinstance(item, str) and re.fullmatch(r"0|[1-9][0-9]{0,17}", item):
            self._report.warn(DIALECT, path, "A number stands here as text.")
            item = int(item)
        if not isinstance(item, int) or isinstance(item, bool):
            self._report.violate(Constraint.TYPE, path, "This is a whole number.")
            return -1
        if not 0 <= item <= number.most:
            self._report.violate(Constraint.LENGTH, path, "A whole number from 0, of at most 18 digits.")
        return item


def _below(path: str, name: str) -> str:
    """The path of an element; a name that is none is shown in part, without what might command a terminal."""
    if _PLAIN.fullmatch(name):
        return f"{path}.{name}"
    shown = name[:64].encode("ascii", "backslashreplace").decode()
    return f"{path}[{''.join(sign if sign.isprintable() else '?' for sign in shown)!r}]"


def _merged(items: list[dict[str, object]]) -> dict[str, object]:
    """Several names as one: 2020's table has name [1..n], where each holds lists."""
    merged: dict[str, object] = {}
    for item in items:
        for name, value in item.items():
            before = merged.get(name)
            both = isinstance(before, list) and isinstance(value, list)
            merged[name] = [*cast("list[object]", before), *cast("list[object]", value)] if both else value
    return merged


def _nothing(slot: Slot) -> object:
    if slot.is_array:
        return ()
    match slot.holds:
        case Text() | Codes():
            return ""
        case Number():
            return -1
        case cls:
            return _placeholder(cls)


def _placeholder(cls: type[model.Element]) -> model.Element:
    required = (slot for slot in slots_of(cls).values() if slot.is_required)
    return cls(**cast("dict[str, Any]", {slot.attribute: _nothing(slot) for slot in required}))
