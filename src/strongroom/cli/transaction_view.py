"""A transaction, in words and columns for people."""

from collections.abc import Mapping
from typing import Any

from strongroom.cli.output import time_text
from strongroom.client import Closing

Json = dict[str, Any]


def facts(transaction: Json) -> Mapping[str, str]:
    """What there is to say of it; what is not known yet is empty."""
    block, fee = _part(transaction, "blockInfo"), _part(transaction, "feeInfo").get("networkFee")
    return {
        "id": transaction["id"],
        "status": _status(transaction),
        "reason": transaction.get("errorDescription", ""),
        "amount": f"{transaction['amountInfo']['amount']} {transaction['assetId']}",
        "from": _peer(transaction, "source"),
        "to": _peer(transaction, "destination"),
        "fee": f"{fee} {transaction.get('feeCurrency', '')}" if fee else "",
        "hash": transaction.get("txHash", ""),
        "block": f"{block['blockHeight']} {block['blockHash']}" if block else "",
        "confirmations": str(transaction.get("numOfConfirmations") or ""),
        "external id": transaction.get("externalTxId", ""),
        "note": transaction.get("note", ""),
        "created": f"{time_text(transaction['createdAt'])} by {transaction.get('createdBy', '')}",
    }


def closing_facts(closing: Closing) -> Mapping[str, str]:
    """How it ends, and whether it is safe to pay again."""
    if closing.tombstone:
        proof = f"co-signer 3's tombstone ({closing.tombstone.reason}) was verified here"
        again = f"safe, under the same external id: {proof}"
    elif closing.alarm:
        again = f"NOT SAFE: the tombstone that is shown does not verify ({closing.alarm})"
    else:
        again = "not proven to be safe: no tombstone by co-signer 3 is shown; see whether it is on chain"
    return {"will be": closing.ending, "pay again": again}


def closing_data(closing: Closing) -> Json:
    """The same as data."""
    tombstone = closing.tombstone
    return {
        "ending": closing.ending,
        "is_safe_to_repeat": tombstone is not None,
        "tombstone": {"reason": tombstone.reason, "at_ms": tombstone.at * 1000} if tombstone else None,
        "alarm": closing.alarm,
    }


def list_row(transaction: Json) -> tuple[str, ...]:
    """id, status, amount, asset, from, to, created."""
    return (
        transaction["id"],
        _status(transaction),
        transaction["amountInfo"]["amount"],
        transaction["assetId"],
        _peer(transaction, "source", short=True),
        _peer(transaction, "destination", short=True),
        time_text(transaction["createdAt"]),
    )


def _status(transaction: Json) -> str:
    detail = transaction.get("subStatus")
    return f"{transaction['status']} ({detail})" if detail else transaction["status"]


def _peer(transaction: Json, side: str, *, short: bool = False) -> str:
    """``vault account 0, 0x...``; in a list the account where there is one, else the address."""
    peer, address = _part(transaction, side), transaction.get(f"{side}Address", "")
    name = f"{str(peer.get('type', '')).lower().replace('_', ' ')} {peer['id']}" if peer.get("id") else ""
    return (name or address) if short else ", ".join(filter(None, (name, address)))


def step_row(step: Json) -> tuple[str, ...]:
    """step, from, to, operation, outcome, milliseconds, detail."""
    duration_us: int = step["durationUs"]
    return (
        step["step"] if not step["attempt"] else f"{step['step']} (attempt {step['attempt'] + 1})",
        step["fromService"],
        step["toService"],
        step["operation"],
        step["outcome"],
        f"{duration_us // 1000}.{duration_us // 100 % 10}",
        step["detail"],
    )


def step_line(step: Json) -> str:
    """The same in one line of fixed columns, for steps that are shown as they are done."""
    number, tail, head, operation, outcome, duration_ms, detail = step_row(step)
    return f"{number:>3}  {f'{tail} -> {head}':<38} {operation:<22} {outcome:<4} {duration_ms:>8} ms  {detail}".rstrip()


def _part(transaction: Json, name: str) -> Json:
    return transaction.get(name) or Json()
