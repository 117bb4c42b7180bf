"""The table of changes to the base payload, with what we and npm's ivms101 say of each."""

import tomllib
from dataclasses import dataclass

from tests.travel_rule.ivms101.samples import DATA, Json, as_fields, as_items, base, changed, to_2023

SHORT = {
    "P": "originator.originatorPersons.0",
    "N": "originator.originatorPersons.0.naturalPerson",
    "B": "beneficiary.beneficiaryPersons.0.naturalPerson",
    "L": "originatingVASP.originatingVASP.legalPerson",
    "R": "beneficiaryVASP.beneficiaryVASP.legalPerson.nationalIdentification",
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """``says`` and ``warns`` hold (constraint, path in the 2020 payload)."""

    name: str
    payload: Json
    says: frozenset[tuple[str, str]]
    warns: frozenset[tuple[str, str]]
    npm: bool
    why: str

    @property
    def is_valid(self) -> bool:
        return not self.says


def read_cases() -> list[Case]:
    """All cases, each a whole payload of edition 2020."""
    rows = tomllib.loads((DATA / "ivms101_cases.toml").read_text())["case"]
    return [
        Case(
            name=row["name"],
            payload=changed(
                base(),
                put={_full(path): value for path, value in row.get("put", {}).items()},
                drop=tuple(_full(path) for path in row.get("drop", [])),
            ),
            says=_findings(row["says"]),
            warns=_findings(row.get("warns", [])),
            npm=row["npm"],
            why=row.get("why", ""),
        )
        for row in rows
    ]


def for_npm(case: Case, edition: str) -> Json:
    """The payload as npm's types have it: providers without wrapper, and customerNumber in 2020."""
    payload = case.payload if edition == "2020" else to_2023(case.payload)
    for side in ("originatingVASP", "beneficiaryVASP"):
        if side in payload:
            payload = {**payload, side: payload[side][side]}
    return payload if edition == "2023" else as_fields(_with_customer_number(payload))


def _with_customer_number(value: object) -> object:
    if fields := as_fields(value):
        names = {"customerIdentification": "customerNumber"}
        return {names.get(name, name): _with_customer_number(item) for name, item in fields.items()}
    return [_with_customer_number(item) for item in items] if (items := as_items(value)) else value


def _full(path: str) -> str:
    head, dot, tail = path.partition(".")
    return SHORT.get(head, head) + dot + tail


def _findings(rows: list[str]) -> frozenset[tuple[str, str]]:
    return frozenset(_finding(row) for row in rows)


def _finding(row: str) -> tuple[str, str]:
    constraint, path = row.split(" ")
    head, dot, tail = path.partition(".")
    return constraint, "$." + SHORT.get(head, head).replace(".0", "[0]") + dot + tail
