"""The table assemblies."""

from datetime import datetime

from strongroom.custody.secure_vault.domain import Assembly
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import Database, Statement


def insert_assembly(*, assembly: Assembly, now: datetime) -> Statement:
    """A signed transaction; left alone where one was assembled before."""
    return Statement(
        """insert into assemblies (tenant_id, transaction_id, attempt, signature, digest, raw_transaction,
            raw_payload_cbor, tx_hash, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (transaction_id, attempt) do nothing""",
        (
            assembly.tenant_id,
            assembly.transaction_id,
            assembly.attempt,
            assembly.signature,
            assembly.digest,
            assembly.raw_transaction,
            assembly.raw_payload_cbor,
            assembly.tx_hash,
            now,
        ),
    )


async def find_assembly(
    database: Database, *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int
) -> Assembly | None:
    """What was assembled."""
    row = await database.fetchrow(
        """select tenant_id, transaction_id, attempt, signature, digest, raw_transaction, raw_payload_cbor, tx_hash
        from assemblies where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return (
        None
        if row is None
        else Assembly(
            tenant_id=row["tenant_id"],
            transaction_id=row["transaction_id"],
            attempt=row["attempt"],
            signature=row["signature"],
            digest=row["digest"],
            raw_transaction=row["raw_transaction"],
            raw_payload_cbor=row["raw_payload_cbor"],
            tx_hash=row["tx_hash"],
        )
    )
