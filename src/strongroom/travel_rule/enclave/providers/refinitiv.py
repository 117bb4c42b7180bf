"""World-Check One behind the enclave's own types."""

from collections import Counter
from typing import Final, final

import msgspec

from strongroom.runtime.clock import Clock
from strongroom.travel_rule.enclave.domain.assessments import SUMMARY_BYTES_MAX, Matches, Screened
from strongroom.travel_rule.enclave.providers.pace import Pace
from strongroom.vendors.refinitiv.world_check import (
    EntityType,
    NewCase,
    Result,
    SecondaryField,
    WorldCheckClient,
)

_STRENGTHS: Final = ("EXACT", "STRONG", "MEDIUM", "WEAK")
_REFERENCES_MAX: Final = 40
_CATEGORIES_MAX: Final = 30
_TEXT_MAX: Final = 60


@final
class WcoScreen:
    """Whom the watch lists name.

    Args:
        client: one API user's.
        clock: time.
        group_id: of the group that cases are saved in.
    """

    def __init__(self, client: WorldCheckClient, *, clock: Clock, group_id: str) -> None:
        self._client, self._group_id = client, group_id
        self._pace = Pace("World-Check One", clock=clock)

    def paused_s(self) -> float:
        """How long it will not be asked."""
        return self._pace.paused_s()

    async def create_case(self, screened: Screened, *, case_id: str) -> str:
        """Save a case; answers its ``caseSystemId``.

        Raises:
            StrongroomError: ``UNAVAILABLE``, ``RISK_ASSESSMENT_REFUSED``.
        """
        fields = () if screened.born is None else (SecondaryField(type_id="SFCT_2", date_time_value=screened.born),)
        case = NewCase(
            group_id=self._group_id,
            entity_type=EntityType.ORGANISATION if screened.is_legal_person else EntityType.INDIVIDUAL,
            case_id=case_id,
            name=screened.name,
            secondary_fields=fields,
        )
        return await self._pace.ask(lambda: self._client.create_case(case))

    async def request_screening(self, case_system_id: str) -> None:
        """Have it screened; errors as ``create_case``."""
        await self._pace.ask(lambda: self._client.request_screening(case_system_id))

    async def find_matches(self, case_system_id: str) -> Matches | None:
        """Whom it matches; None as long as it is not screened. Errors as ``create_case``."""
        if not await self._pace.ask(lambda: self._client.is_screened(case_system_id)):
            return None
        return _summarise(await self._pace.ask(lambda: self._client.list_results(case_system_id)))

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()


def _summarise(results: tuple[Result, ...]) -> Matches:
    """Small enough for its column, however many there are; ``count`` and ``strengths`` are always of all of them."""
    strongest = sorted(results, key=lambda result: _STRENGTHS.index(result.match_strength))
    categories = Counter(category[:_TEXT_MAX] for result in results for category in set(result.categories))
    strengths = Counter(result.match_strength for result in results)
    matches = Matches(
        count=len(results),
        strengths={strength: strengths[strength] for strength in _STRENGTHS if strengths[strength]},
        categories=dict(categories.most_common(_CATEGORIES_MAX)),
        references=tuple(result.reference_id[:_TEXT_MAX] for result in strongest[:_REFERENCES_MAX]),
    )
    while len(msgspec.json.encode(matches)) > SUMMARY_BYTES_MAX:
        kept = matches.references[:-1]
        matches = msgspec.structs.replace(matches, references=kept, categories={} if not kept else matches.categories)
    return matches
