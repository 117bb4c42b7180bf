"""What a check says: how much it looked at, and everything that does not hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

SHOWN = 1000
"""Findings kept of one check; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that does not hold: about which row, and what is wrong with it."""

    about: str
    what: str


@final
class Notes:
    """What one check writes down."""

    def __init__(self) -> None:
        self.looked_at = 0
        self.found = 0
        self.findings: list[Finding] = []
        self.left_out = ""

    def expect(self, *, holds: bool, about: object, what: str) -> bool:
        """Count one thing looked at, and a finding if it does not hold; answers whether it holds."""
        self.looked_at += 1
        if not holds:
            self.find(about=about, what=what)
        return holds

    def find(self, *, about: object, what: str) -> None:
        """A finding."""
        self.found += 1
        if len(self.findings) < SHOWN:
            self.findings.append(Finding(about=str(about), what=what))

    def leave_out(self, why: str) -> None:
        """Say that something could not be checked."""
        self.left_out = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One check that was made. ``left_out`` says what could not be looked at; empty if everything was."""

    name: str
    title: str
    looked_at: int
    found: int
    findings: tuple[Finding, ...]
    left_out: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.found == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Every check, and how many rows of each table were read."""

    outcomes: tuple[Outcome, ...]
    read: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def holds(self) -> bool:
        """Whether no check found anything."""
        return all(outcome.holds for outcome in self.outcomes)

    def as_data(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "holds": self.holds,
            "read": dict(self.read),
            "checks": [
                {
                    "name": outcome.name,
                    "title": outcome.title,
                    "holds": outcome.holds,
                    "lookedAt": outcome.looked_at,
                    "found": outcome.found,
                    "leftOut": outcome.left_out,
                    "findings": [{"about": one.about, "what": one.what} for one in outcome.findings],
                }
                for outcome in self.outcomes
            ],
        }
