"""Importing and showing address lists."""

import asyncio
from datetime import datetime

from strongroom.custody.screening.domain.verdicts import parse_list
from strongroom.custody.screening.store import records
from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.paging import Page, check_page_size
from strongroom.runtime.db import Database

MAX_NAME = 100


async def import_list(*, database: Database, name: str, content: bytes, now: datetime) -> int:
    """Put the addresses of a file in place of the list of that name; answers how many they are.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, with the list as it was before.
    """
    if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
        raise StrongroomError(Code.REQUEST_INVALID, "A list's name has 1 to 100 printable characters.")
    addresses = await asyncio.to_thread(parse_list, content)  # seconds for the largest
    await records.replace_list(database, name=name, content_hash=sha256(content), addresses=addresses, now=now)
    return len(addresses)


async def list_lists(*, database: Database, page_size: int, cursor: str | None) -> Page[tuple[str, int, datetime]]:
    """Names, sizes and import times of the lists, by name.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    return await records.list_lists(database, page_size=check_page_size(page_size), cursor=cursor)
