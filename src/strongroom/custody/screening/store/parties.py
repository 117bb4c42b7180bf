"""The registry of parties. Persons are opened where one party is read, and never where many are listed."""

import asyncio
from datetime import datetime
from typing import Final

from strongroom.custody.screening.domain.parties import Destination, Kyc, Originator, Parties, Party
from strongroom.custody.screening.store.seal import PartySeal
from strongroom.kernel.paging import Page, encode_cursor, parse_cursor
from strongroom.runtime.db import Database

_ORIGINATORS: Final = "travel_rule_originators"
_DESTINATIONS: Final = "travel_rule_destinations"
_PERSONS: Final = "persons"


async def find_originator(
    database: Database, seal: PartySeal, *, tenant_id: str, vault_account: str
) -> Originator | None:
    """The holder of a vault account; ``STATE_DAMAGED`` if it does not open."""
    row = await database.fetchrow(
        """select jurisdiction, kyc, persons from travel_rule_originators
        where tenant_id = $1 and vault_account = $2""",
        tenant_id,
        vault_account,
    )
    if row is None:
        return None
    return Originator(
        vault_account=vault_account,
        jurisdiction=row["jurisdiction"],
        kyc=Kyc(row["kyc"]),
        persons=seal.unseal(row["persons"], _ORIGINATORS, _PERSONS, tenant_id, vault_account),
    )


async def find_destination(
    database: Database, seal: PartySeal, *, tenant_id: str, asset_id: str, address: str
) -> Destination | None:
    """The holder of an address (a key of ``address_key``); ``STATE_DAMAGED`` if it does not open."""
    row = await database.fetchrow(
        """select jurisdiction, vasp_id, persons from travel_rule_destinations
        where tenant_id = $1 and asset_id = $2 and address = $3""",
        tenant_id,
        asset_id,
        address,
    )
    if row is None:
        return None
    return Destination(
        asset_id=asset_id,
        address=address,
        jurisdiction=row["jurisdiction"],
        vasp_id=row["vasp_id"],
        persons=seal.unseal(row["persons"], _DESTINATIONS, _PERSONS, tenant_id, asset_id, address),
    )


async def replace_parties(database: Database, seal: PartySeal, *, parties: Parties, now: datetime) -> None:
    """Put these in place of all that the tenant had, in one commit: nobody sees half a registry."""
    tenant_id, originators, destinations = parties.tenant_id, parties.originators, parties.destinations
    senders, receivers = await asyncio.to_thread(_sealed, seal, parties)  # a second for the largest
    async with database.transaction() as tx:
        await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"parties/{tenant_id}")
        await tx.execute("delete from travel_rule_originators where tenant_id = $1", tenant_id)
        await tx.execute("delete from travel_rule_destinations where tenant_id = $1", tenant_id)
        await tx.execute(
            """insert into travel_rule_originators
                (tenant_id, vault_account, jurisdiction, kyc, persons, imported_at)
            select $1, place, jurisdiction, kyc, persons, $6
            from unnest($2::text[], $3::text[], $4::text[], $5::bytea[])
                as given (place, jurisdiction, kyc, persons)""",
            tenant_id,
            [one.vault_account for one in originators],
            [one.jurisdiction for one in originators],
            [one.kyc.value for one in originators],
            senders,
            now,
        )
        await tx.execute(
            """insert into travel_rule_destinations
                (tenant_id, asset_id, address, jurisdiction, vasp_id, persons, imported_at)
            select $1, asset_id, address, jurisdiction, vasp_id, persons, $7
            from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[])
                as given (asset_id, address, jurisdiction, vasp_id, persons)""",
            tenant_id,
            [one.asset_id for one in destinations],
            [one.address for one in destinations],
            [one.jurisdiction for one in destinations],
            [one.vasp_id for one in destinations],
            receivers,
            now,
        )


def _sealed(seal: PartySeal, parties: Parties) -> tuple[list[bytes], list[bytes]]:
    """The persons of originators and of destinations, each for its own row."""
    tenant_id = parties.tenant_id
    return (
        [seal.seal(one.persons, _ORIGINATORS, _PERSONS, tenant_id, one.vault_account) for one in parties.originators],
        [
            seal.seal(one.persons, _DESTINATIONS, _PERSONS, tenant_id, one.asset_id, one.address)
            for one in parties.destinations
        ],
    )


async def list_parties(database: Database, *, page_size: int, cursor: str | None) -> Page[Party]:
    """Whom the registry knows, by tenant, kind and place, without any personal data."""
    after = parse_cursor(cursor, parts=3) if cursor else ("", "", "")
    rows = await database.fetch(
        """select tenant_id, kind, place, jurisdiction, standing, imported_at from (
            select tenant_id, 'ORIGINATOR' as kind, vault_account as place, jurisdiction, kyc as standing, imported_at
            from travel_rule_originators
            union all
            select tenant_id, 'DESTINATION', asset_id || ' ' || address, jurisdiction, coalesce(vasp_id, 'unhosted'),
                imported_at
            from travel_rule_destinations
        ) as party
        where (tenant_id, kind, place) > ($1, $2, $3) order by tenant_id, kind, place limit $4""",
        *after,
        page_size + 1,
    )
    items = tuple(
        Party(
            tenant_id=row["tenant_id"],
            kind=row["kind"],
            place=row["place"],
            jurisdiction=row["jurisdiction"],
            standing=row["standing"],
            imported_at=row["imported_at"],
        )
        for row in rows[:page_size]
    )
    last = items[-1] if len(rows) > page_size else None
    return Page(items=items, next_cursor=encode_cursor(last.tenant_id, last.kind, last.place) if last else None)
