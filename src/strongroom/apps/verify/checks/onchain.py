"""What the chain says against what the databases say."""

from collections import defaultdict
from collections.abc import Mapping

from strongroom.apps.verify.books import Books, ChainBook, Seen, Slot, Transaction
from strongroom.apps.verify.findings import Notes
from strongroom.apps.verify.statuses import COMPLETED, TERMINAL


def check_outcomes(books: Books, notes: Notes) -> None:
    """COMPLETED is on chain as it was asked; what ended otherwise has paid nobody."""
    hashes: defaultdict[object, set[str]] = defaultdict(set)
    for attempt in books.neighbours.attempts:
        hashes[attempt.transaction_id].add(attempt.tx_hash)
    for one in books.after.transactions:
        chain = books.chains.get(one.chain_id)
        by_hash: Mapping[str, Seen] = chain.by_hash if chain else {}
        if one.status == COMPLETED:
            _check_paid(one, by_hash.get(one.tx_hash or ""), notes)
        elif one.status in TERMINAL:
            named = hashes[one.id] | {one.tx_hash or ""}
            paid = [tx_hash for tx_hash in named if tx_hash in by_hash and by_hash[tx_hash].succeeded]
            notes.expect(holds=not paid, about=one.id, what=f"is {one.status}, and has paid on chain: {paid}")


def check_ours(books: Books, notes: Notes) -> None:
    """Every nonce that an address has used on chain was used by the transaction that owns the slot.

    An address uses each nonce once, so once all of them are found to be ours there is no room for another.
    """
    named: defaultdict[Slot, set[str]] = defaultdict(set)
    for attempt in books.neighbours.attempts:
        named[attempt.chain_id, attempt.sender.lower(), attempt.nonce].add(attempt.tx_hash)
    for one in books.after.transactions:
        if one.tx_hash is not None and one.nonce is not None:
            named[one.chain_id, one.sender.lower(), one.nonce].add(one.tx_hash)
    for chain in books.chains.values():
        for address, used in chain.nonces.items():
            for nonce in range(used):
                slot = chain.chain_id, address, nonce
                ours = any(_used(chain.by_hash.get(tx_hash), address, nonce) for tx_hash in named[slot])
                notes.expect(holds=ours, about=slot, what="was used on chain by nothing that we know")
        for seen in chain.transfers or ():
            if seen.sender in chain.nonces:
                ours = seen.tx_hash in named[chain.chain_id, seen.sender, seen.nonce]
                notes.expect(holds=ours, about=seen.tx_hash, what=f"{seen.sender} sent it, and it is not ours")


def check_balances(books: Books, notes: Notes) -> None:
    """What an address holds is what it received less what its transactions say that they cost."""
    rows = {(one.chain_id, one.tx_hash): one for one in books.after.transactions if one.status == COMPLETED}
    for chain in books.chains.values():
        if chain.transfers is None:
            notes.leave_out(chain.unread)
            continue
        for address, balance in chain.balances.items():
            wanted = _reckon(chain, chain.transfers, address, rows)
            what = f"holds {balance}, reckoned {wanted} at block {chain.head}"
            notes.expect(holds=balance == wanted, about=(chain.chain_id, address), what=what)


def _reckon(
    chain: ChainBook, transfers: tuple[Seen, ...], address: str, rows: dict[tuple[int, str | None], Transaction]
) -> int:
    total = 0
    for seen in transfers:
        if seen.to == address and seen.succeeded:
            total += seen.value_units
        if seen.sender == address:
            row = rows.get((chain.chain_id, seen.tx_hash))
            total -= (seen.value_units if seen.succeeded else 0) + seen.fee_units if row is None else _cost(row)
    return total


def _cost(row: Transaction) -> int:
    return row.amount_units + (row.fee_units or 0)


def _check_paid(one: Transaction, seen: Seen | None, notes: Notes) -> None:
    if not notes.expect(holds=seen is not None, about=one.id, what=f"is COMPLETED; {one.tx_hash} is on no chain"):
        return
    assert seen is not None, "expected above"
    said = (
        ("sender", seen.sender, one.sender.lower()),
        ("destination", seen.to, one.destination_address.lower()),
        ("amount", seen.value_units, one.amount_units),
        ("nonce", seen.nonce, one.nonce),
        ("fee", seen.fee_units, one.fee_units),
        ("data", seen.raw_input, "0x"),
        ("success", seen.succeeded, True),
    )
    for name, found, wanted in said:
        notes.expect(holds=found == wanted, about=one.id, what=f"{name} on chain is {found}, not {wanted}")


def _used(seen: Seen | None, address: str, nonce: int) -> bool:
    return seen is not None and (seen.sender, seen.nonce) == (address, nonce)
