"""Exchanges by TRP, beside the verifications they are about."""

import sqlalchemy as sa

from strongroom.travel_rule.enclave.domain.trp import Exchange
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import x_trp_exchanges
from strongroom.travel_rule.enclave.store.texts import fitting

_X = x_trp_exchanges.c
_FIND = sa.select(_X.verification_uuid, _X.vasp_id, _X.callback, _X.version, _X.created_at).where(
    _X.verification_uuid == sa.bindparam("of_uuid")
)
_INSERT = sa.insert(x_trp_exchanges)
_UPDATE = sa.update(x_trp_exchanges).where(_X.verification_uuid == sa.bindparam("of_uuid"))


async def put_exchange(tx: Transaction, exchange: Exchange) -> bool:
    """Store it, or the newer callback and version of one that is there; answers whether it is new.

    Raises:
        StrongroomError: ``INVALID_FORMAT`` when the callback does not fit its column; ``CONFLICT`` when another
            process stores it at the same time (the transaction is lost then).
    """
    values = {
        "callback": exchange.callback and fitting("callback", exchange.callback, 2000),
        "version": exchange.version,
    }
    if await find_exchange(tx, exchange.uuid) is not None:
        await tx.change(_UPDATE, {"of_uuid": exchange.uuid, **values})
        return False
    row = {"verification_uuid": exchange.uuid, "vasp_id": exchange.vasp_id, "created_at": exchange.created_at}
    await tx.insert(_INSERT, {**row, **values})
    return True


async def find_exchange(tx: Transaction, uuid: str) -> Exchange | None:
    """The exchange about a verification."""
    row = await tx.row(_FIND, {"of_uuid": uuid})
    if row is None:
        return None
    return Exchange(
        uuid=row.verification_uuid,
        vasp_id=row.vasp_id,
        callback=row.callback,
        version=row.version,
        created_at=row.created_at,
    )
