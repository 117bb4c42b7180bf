"""Importing and showing the registry of parties."""

import asyncio

from strongroom.custody.screening.domain.parties import Parties, Party, parse_parties
from strongroom.custody.screening.operations.means import Means
from strongroom.custody.screening.store import parties as store
from strongroom.kernel.paging import Page, check_page_size


async def import_parties(*, means: Means, content: bytes) -> Parties:
    """Put the parties of a file in place of all that its tenant had.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, with the registry as it was before.
    """
    parties = await asyncio.to_thread(parse_parties, content)  # seconds for the largest
    await store.replace_parties(means.database, means.seal, parties=parties, now=means.clock.now())
    return parties


async def list_parties(*, means: Means, page_size: int, cursor: str | None) -> Page[Party]:
    """Whom the registry knows, without any personal data.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    return await store.list_parties(means.database, page_size=check_page_size(page_size), cursor=cursor)
