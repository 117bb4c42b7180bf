"""The use cases of screening, one file a verb."""

from strongroom.custody.screening.operations.exchange_travel_rule import exchange_travel_rule
from strongroom.custody.screening.operations.lists import import_list, list_lists
from strongroom.custody.screening.operations.parties import import_parties, list_parties
from strongroom.custody.screening.operations.report_transfer import report_transfer
from strongroom.custody.screening.operations.screen import screen

__all__ = [
    "exchange_travel_rule",
    "import_list",
    "import_parties",
    "list_lists",
    "list_parties",
    "report_transfer",
    "screen",
]
