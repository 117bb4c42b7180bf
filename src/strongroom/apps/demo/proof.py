"""What the demo checks before it says that it succeeded: the chain's receipt, and every named row in its database."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strongroom.apps.demo.store import Auditor, ReadBack
from strongroom.apps.flow import FlowStep

STEPS_NEEDED = ("1", "2", "3", "4", "5", "5a", "5b", "5c", "6", "7", "8", "9", "10", "11", "12", "13", "14")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was found; ``missing`` is empty when everything was."""

    rows: tuple[ReadBack, ...]
    handoffs: int
    missing: tuple[str, ...]


async def prove(
    *, auditor: Auditor, flow: tuple[FlowStep, ...], transaction: dict[str, Any], steps: list[dict[str, Any]]
) -> Proof:
    """Read back every row that the flow names, and compare the steps shown with the flow.

    Args:
        auditor: reads the databases.
        flow: the fourteen steps.
        transaction: as the REST door shows it.
        steps: as the REST door shows them.
    """
    flow = tuple(step for step in flow if not step.optional or _shown(step, steps))
    rows = tuple([await _read_back(auditor, step, transaction) for step in flow if step.table])
    handoffs = sum((await auditor.count_handoffs(UUID(transaction["id"]))).values())
    missing = [f"{row.database}.{row.table} {row.column}".strip() for row in rows if row.rows == 0]
    missing += [f"step {step.number}: {step.tail} -> {step.head}" for step in flow if not _shown(step, steps)]
    missing += [] if transaction["status"] == "COMPLETED" else [f"status COMPLETED (it is {transaction['status']})"]
    missing += [] if handoffs else ["service_handoff_events"]
    return Proof(rows=rows, handoffs=handoffs, missing=tuple(missing))


def _shown(step: FlowStep, steps: list[dict[str, Any]]) -> bool:
    heads = {f"{step.head}_{index}" for index in (1, 2, 3)} if step.head == "cosigner" else {step.head}
    seen = {shown["toService"] for shown in steps if shown["step"] == step.number and shown["fromService"] == step.tail}
    return heads <= seen


async def _read_back(auditor: Auditor, step: FlowStep, transaction: dict[str, Any]) -> ReadBack:
    transaction_id = UUID(transaction["id"])
    if step.table == "transactions":
        count = await _count_transaction(auditor, step, transaction)
    elif step.table == "auth_tokens":
        row = await auditor.find_transaction(transaction_id)
        count = await auditor.count_tokens(row["request_hash"]) if row else 0
    elif step.table == "certificates":
        row = await auditor.find_transaction(transaction_id)
        count = await auditor.count_certificates(row["created_by"]) if row else 0
    else:
        count = await auditor.count(step.database, step.table, transaction_id=transaction_id)
    return ReadBack(database=step.database, table=step.table, column=step.column, rows=count)


async def _count_transaction(auditor: Auditor, step: FlowStep, transaction: dict[str, Any]) -> int:
    row = await auditor.find_transaction(UUID(transaction["id"]))
    if row is None:
        return 0
    if step.column == "raw_payload_cbor":
        return int(row["assembled"])
    if step.column == "tx_hash":
        return int(row["tx_hash"] is not None and row["tx_hash"] == transaction.get("txHash"))
    return 1
