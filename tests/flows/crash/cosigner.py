"""A co-signer's process, with a place around every order and every entry of its journal.

It looks for an engine that was killed again and again as often as for one that was killed once.
"""

import sys
from pathlib import Path
from typing import Any

from strongroom.custody.cosigner import main, peers
from strongroom.custody.cosigner.domain.entries import KIND_OF, Entry
from strongroom.custody.cosigner.domain.orders import Order
from strongroom.custody.cosigner.flow import Cosigner
from strongroom.custody.cosigner.store import Journal
from tests.flows.crash.fault import Places

_LONGEST_WAIT_S = 0.4


def watch_orders(places: Places) -> None:
    """Put a place before and after whatever the engine orders, and whatever the journal gets."""
    handle, append = Cosigner.handle, Journal.append

    def handled(cosigner: Cosigner, order: Order) -> object:
        place = f"order {type(order).__name__}"
        places.reach(place)
        reports = handle(cosigner, order)
        places.leave(place)
        return reports

    def appended(journal: Journal, *entries: Entry, **more: Any) -> None:
        place = "journal " + ", ".join(KIND_OF[type(entry)] for entry in entries)
        places.reach(place)
        append(journal, *entries, **more)
        places.leave(place)

    wrapped: tuple[tuple[type, str, Any], ...] = ((Cosigner, "handle", handled), (Journal, "append", appended))
    for owner, name, function in wrapped:
        setattr(owner, name, function)


if __name__ == "__main__":
    setattr(peers, "LONGEST_WAIT_S", _LONGEST_WAIT_S)  # noqa: B010 - a constant, but for a test that kills all day
    watch_orders(Places(Path(sys.argv[sys.argv.index("--home") + 1]).name))
    main.main()
