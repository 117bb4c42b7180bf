"""The audit: read everything in an order in which a running system cannot look wrong, then make every check."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from strongroom.apps.verify.books import Books, ChainBook, ManagerBook, NeighbourBook
from strongroom.apps.verify.chain import read_chain, read_transactions
from strongroom.apps.verify.checks import CHECKS, Check
from strongroom.apps.verify.findings import Notes, Outcome, Report
from strongroom.apps.verify.sources import Sources
from strongroom.apps.verify.store import MANAGER, read_journal, read_manager, read_neighbours
from strongroom.kernel.errors import Code, StrongroomError


def _silent(_outcome: Outcome) -> None:
    """Nobody listens."""


async def audit_custody(sources: Sources, *, tell: Callable[[Outcome], None] = _silent) -> Report:
    """Read databases, chains and journals, and make every check.

    Args:
        sources: where to read.
        tell: told each check when it is made.

    Raises:
        StrongroomError: ``UNAVAILABLE`` if something cannot be read: what was not read was not checked.
    """
    return check_books(await read_books(sources), tell=tell)


async def read_books(sources: Sources) -> Books:
    """Everything there is to read: the manager first and last, everybody else in between.

    Raises:
        StrongroomError: ``UNAVAILABLE``.
    """
    before, _ = await read_manager(sources)
    addresses = {(one.chain_id, one.address) for one in (await read_neighbours(sources)).addresses}
    addresses |= {(one.chain_id, one.sender) for one in (*before.transactions, *before.lanes)}
    unknown = {chain_id for chain_id, _ in addresses} - sources.rpc_urls.keys()
    if unknown:
        raise StrongroomError(Code.UNAVAILABLE, f"No node is given of chain {min(unknown)}.")
    chains = {
        chain_id: await read_chain(url, chain_id=chain_id, addresses=[one for at, one in addresses if at == chain_id])
        for chain_id, url in sources.rpc_urls.items()
    }
    neighbours = await read_neighbours(sources)
    journals = {index: read_journal(path) for index, path in sources.journals.items()}
    after, handoffs = await read_manager(sources)
    named = {chain_id: await _read_named(sources, chain, after, neighbours) for chain_id, chain in chains.items()}
    return Books(
        before=before,
        after=after,
        neighbours=replace(neighbours, handoffs={**neighbours.handoffs, MANAGER: handoffs}),
        chains=named,
        journals=journals,
    )


async def _read_named(sources: Sources, chain: ChainBook, after: ManagerBook, neighbours: NeighbourBook) -> ChainBook:
    named = {one.tx_hash for one in neighbours.attempts if one.chain_id == chain.chain_id}
    named |= {one.tx_hash for one in after.transactions if one.tx_hash and one.chain_id == chain.chain_id}
    return replace(chain, by_hash=await read_transactions(sources.rpc_urls[chain.chain_id], named))


def check_books(books: Books, *, checks: Iterable[Check] = CHECKS, tell: Callable[[Outcome], None] = _silent) -> Report:
    """Make checks over what was read; pure."""
    outcomes: list[Outcome] = []
    for check in checks:
        notes = Notes()
        check.make(books, notes)
        outcome = Outcome(
            name=check.name,
            title=check.title,
            looked_at=notes.looked_at,
            found=notes.found,
            findings=tuple(notes.findings),
            left_out=notes.left_out,
        )
        outcomes.append(outcome)
        tell(outcome)
    return Report(outcomes=tuple(outcomes), read=_count(books))


def _count(books: Books) -> dict[str, int]:
    """How much was read, for people to see that it was not nothing."""
    manager, others = books.after, books.neighbours
    return {
        "transactions": len(manager.transactions),
        "status events": len(manager.statuses),
        "steps": len(manager.steps),
        "spend slots": len(manager.slots),
        "handoffs": sum(map(len, others.handoffs.values())),
        "signing events": len(others.events),
        "broadcast attempts": len(others.attempts),
        "blocks": sum(chain.head + 1 for chain in books.chains.values() if chain.transfers is not None),
        "journal entries": sum(map(len, books.journals.values())),
    }
