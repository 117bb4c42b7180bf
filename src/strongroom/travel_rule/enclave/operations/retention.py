"""Keep verifications as long as the provider's jurisdiction asks, and no longer."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.retention import count_older, delete_older
from strongroom.travel_rule.rules.book import BASELINE, Book

_BATCH: Final = 100
_LEAP_DAY: Final = (2, 29)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long a jurisdiction has records kept, by which rule; ``before`` is where that ends today."""

    jurisdiction: str
    rule: str
    years: int
    before: datetime


def term(*, book: Book, jurisdiction: str, now: datetime) -> Term:
    """The longest time that a rule of the jurisdiction in force asks for; FATF's where none says (Recommendation 11).

    Raises:
        StrongroomError: ``CONFIG_INVALID`` if no rule says.
    """
    for asked in (jurisdiction, BASELINE):
        found = [
            (rule.row.retention_years, rule.row.id)
            for is_domestic in (True, False)
            if (rule := book.find(asked, on=now.date(), is_domestic=is_domestic)) and rule.row.retention_years
        ]
        if found:
            years, rule_id = max(found)
            before = datetime.combine(_years_before(now.date(), years), now.timetz())
            return Term(jurisdiction=jurisdiction, rule=rule_id, years=years, before=before)
    raise StrongroomError(Code.CONFIG_INVALID, f"No rule says how long {jurisdiction} has records kept.")


async def count_expired(*, database: EnclaveDatabase, kept: Term) -> int:
    """How many verifications are older."""
    return await database.read(lambda tx: count_older(tx, before=kept.before))


async def delete_expired(*, database: EnclaveDatabase, kept: Term, now: datetime, batch: int = _BATCH) -> int:
    """Delete them, a few at a time, with own keys and screening results made for them; answers how many."""
    done = 0
    while deleted := await database.run(lambda tx: delete_older(tx, before=kept.before, limit=batch, now=now)):
        done += deleted
    return done


def _years_before(day: date, years: int) -> date:
    if (day.month, day.day) == _LEAP_DAY:
        day = day.replace(day=28)
    return day.replace(year=day.year - years)
