"""What a rule may look at: facts that follow from the intent and the document set alone."""

from dataclasses import dataclass

from strongroom.kernel.documents.document_set import DestinationKind, DocumentSet
from strongroom.kernel.documents.intent import Intent


@dataclass(frozen=True, slots=True)
class Facts:
    """One transfer as the policy sees it. ``destination_id`` is a vault account, a listed id or an EIP-55 address."""

    initiator: str
    initiator_groups: tuple[str, ...]
    asset_id: str
    source_account: str
    destination_kind: DestinationKind
    destination_id: str
    amount_units: int


def facts_of(intent: Intent, document_set: DocumentSet) -> Facts:
    """The facts of an intent.

    A listed address is judged as listed, however the request named it; an own account only if the request named it as
    such, for then its address was derived and not copied.

    Raises:
        StrongroomError: ``API_USER_UNKNOWN`` if the initiator is not in the roster.
    """
    kind, destination_id = _destination(intent, document_set)
    return Facts(
        initiator=intent.initiator,
        initiator_groups=document_set.get_api_user(intent.initiator).groups,
        asset_id=intent.asset_id,
        source_account=intent.source_account,
        destination_kind=kind,
        destination_id=destination_id,
        amount_units=intent.amount_units,
    )


def _destination(intent: Intent, document_set: DocumentSet) -> tuple[DestinationKind, str]:
    if intent.destination_account is not None:
        return DestinationKind.VAULT_ACCOUNT, str(intent.destination_account)
    entry = document_set.find_address(chain_id=intent.chain_id, address=intent.destination)
    if entry is not None:
        return DestinationKind.WHITELISTED, entry.id
    return DestinationKind.ONE_TIME, intent.destination
