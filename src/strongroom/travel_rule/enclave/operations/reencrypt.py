"""Bring everything under the newest version of the data key while the enclave serves."""

from collections.abc import Callable
from dataclasses import dataclass

from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.keyset import load_keyset
from strongroom.travel_rule.enclave.store.reencrypt import count_old, reencrypt_own_keys, reencrypt_verifications

_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Rows that are under the newest version now, and rows that are not yet."""

    done: int
    left: int


async def reencrypt(
    *, database: EnclaveDatabase, cipher: ColumnCipher, report: Callable[[Progress], None], batch: int = _BATCH
) -> Progress:
    """Re-encrypt in small transactions and report after each; may be ended at any time, and begun again.

    Rows that somebody holds are passed over; ``left`` of what is answered counts those, and what a process that had not
    learned of the newest version wrote meanwhile.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` when a row does not open: it is left as it is.
    """

    async def count(tx: Transaction) -> int:
        await load_keyset(tx, cipher)
        return await count_old(tx, cipher)

    done, total = 0, await database.read(count)
    for step in (reencrypt_verifications, reencrypt_own_keys):
        while moved := await database.run(lambda tx, step=step: step(tx, cipher, limit=batch)):
            done += moved
            report(Progress(done=done, left=max(total - done, 0)))
    return Progress(done=done, left=await database.read(count))
