"""What the chain says against what the databases say."""

from collections import defaultdict
from collections.abc import Mapping

from strongroom.apps.verify.books import Books, ChainBook, Seen, Slot, Transaction
from strongroom.apps.verify.decode import UnreadableError, get_bytes, get_integer, read_signed
from strongroom.apps.verify.findings import Notes
from strongroom.apps.verify.statuses import COMPLETED, TERMINAL

_CUSTOMER = 3
"""The co-signer whose word it is that a request is dead."""
_FAILED = "FAILED"


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


def check_endings(books: Books, notes: Notes) -> None:
    """No end but COMPLETED without proof that paying again is safe (trust.md 5).

    The proof is co-signer 3's tombstone of this request, or that the chain has used the nonce for something else.
    """
    for one in books.after.transactions:
        if one.status not in TERMINAL or one.status == COMPLETED:
            continue
        said = one.ending is None or one.status in {one.ending, _FAILED}
        notes.expect(holds=said, about=one.id, what=f"was to end {one.ending} and is {one.status}")
        proven = _is_closed(one) or _is_used(one, books)
        notes.expect(holds=proven, about=one.id, what=f"is {one.status} without a proof that it can never pay")


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


def _is_closed(one: Transaction) -> bool:
    """Whether its tombstone is co-signer 3's, of this request."""
    if one.tombstone is None:
        return False
    try:
        tombstone = read_signed(one.tombstone)
        return (
            get_integer(tombstone, "cosigner") == _CUSTOMER
            and get_bytes(tombstone, "request_hash") == one.request_hash
            and get_bytes(tombstone, "transaction_id") == one.id.bytes
        )
    except UnreadableError:
        return False


def _is_used(one: Transaction, books: Books) -> bool:
    """Whether its nonce is gone, on chain."""
    chain = books.chains.get(one.chain_id)
    return chain is not None and one.nonce is not None and one.nonce < chain.nonces.get(one.sender.lower(), 0)


def _used(seen: Seen | None, address: str, nonce: int) -> bool:
    return seen is not None and (seen.sender, seen.nonce) == (address, nonce)
