"""A payload that breaks nothing, and how tests change it."""

import copy
import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, cast

from strongroom.travel_rule.ivms101.constraints import Demands

DATA = Path(__file__).parent.parent / "data"
TODAY = date(2026, 11, 20)
DEMANDS = Demands(today=TODAY)
Json = dict[str, Any]


def base(edition: str = "2020") -> Json:
    """Two natural customers with their providers: about 1.4 KB."""
    payload = tomllib.loads((DATA / "ivms101_base.toml").read_text())
    return payload if edition == "2020" else to_2023(payload)


def changed(payload: Json, *, put: Json | None = None, drop: tuple[str, ...] = ()) -> Json:
    """The payload with values put at, and dropped from, dotted paths: ``originator.originatorPersons.0``."""
    result = copy.deepcopy(payload)
    for path, value in (put or {}).items():
        *way, last = path.split(".")
        _set(_at(result, way), last, copy.deepcopy(value))
    for path in drop:
        *way, last = path.split(".")
        del _at(result, way)[last if not last.isdigit() else int(last)]
    return result


def dumps(value: object) -> bytes:
    """Compact JSON, with what is not ASCII as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def to_2023(payload: Json) -> Json:
    """The same in the names of 2023, written without any of the product's code; broken parts stay broken."""
    renamed = as_fields(_renamed(copy.deepcopy(payload), ""))
    for party, persons in (("originator", "originatorPerson"), ("beneficiary", "beneficiaryPerson")):
        side = as_fields(renamed.get(party))
        if side.get("accountNumber") and side.get(persons):
            side[persons][0]["accountNumber"] = side.pop("accountNumber")
    renamed["payloadMetadata"] = {**renamed.get("payloadMetadata", {}), "payloadVersion": "101.2023"}
    return renamed


def as_fields(value: object) -> Json:
    """A JSON object, or nothing if it is none."""
    return cast("Json", value) if isinstance(value, dict) else {}


def as_items(value: object) -> list[Any]:
    """A JSON list, or nothing if it is none."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def places(value: object, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON value but the value itself, as the steps that lead there."""
    steps = (*as_fields(value).items(), *enumerate(as_items(value)))
    return [place for key, item in steps for place in ((*way, key), *places(item, (*way, key)))]


def _renamed(value: object, inside: str) -> object:
    names = {"originatorPersons": "originatorPerson", "beneficiaryPersons": "beneficiaryPerson"}
    if inside == "nameIdentifier":
        names["nameIdentifierType"] = "naturalPersonNameIdentifierType"
    if fields := as_fields(value):
        return {names.get(name, name): _renamed(item, name) for name, item in fields.items()}
    return [_renamed(item, inside) for item in items] if (items := as_items(value)) else value


def _at(value: Any, way: list[str]) -> Any:
    for step in way:
        value = value[int(step)] if step.isdigit() else value[step]
    return value


def _set(holder: Any, last: str, value: object) -> None:
    if not last.isdigit():
        holder[last] = value
    elif int(last) == len(holder):
        holder.append(value)
    else:
        holder[int(last)] = value
