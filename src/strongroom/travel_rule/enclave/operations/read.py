"""What is only looked up, or asked of a counterparty while the caller waits."""

from collections.abc import Sequence

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.domain.requests import AccountQuestion, Page
from strongroom.travel_rule.enclave.operations.bodies import show_verification
from strongroom.travel_rule.enclave.operations.exchange import ask_counterparty
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.reports import counterparty_of, get_verification
from strongroom.travel_rule.enclave.peers import VaspEntry
from strongroom.travel_rule.enclave.store.verifications import find_verification, list_verifications
from strongroom.travel_rule.messages import AccountAnswer, AccountCheck, TxInquiry, TxStatus


async def list_vasps(*, means: Means) -> Sequence[VaspEntry]:
    """The directory; ``HUB_UNAVAILABLE``, ``RATE_LIMITED``."""
    return await means.hub.vasps()


async def is_healthy(*, means: Means) -> bool:
    """Whether the database answers."""
    try:
        await means.database.read(lambda tx: find_verification(tx, "health", cipher=means.cipher))
    except StrongroomError:
        return False
    return True


async def read_verification(*, means: Means, uuid: str) -> shapes.Verification:
    """One verification; ``VERIFICATION_NOT_FOUND``."""
    return show_verification(await means.database.read(lambda tx: get_verification(tx, means=means, uuid=uuid)))


async def read_history(*, means: Means, page: Page) -> shapes.Verifications:
    """A page of the history, newest first."""
    found = await means.database.read(
        lambda tx: list_verifications(tx, page.wanted, page=page.page, rpp=page.rpp, cipher=means.cipher)
    )
    return shapes.Verifications(verifications=[show_verification(each) for each in found], page=page.page, rpp=page.rpp)


async def check_account(*, means: Means, question: AccountQuestion) -> shapes.AccountResult:
    """Ask a counterparty whether an account is its customer's; nothing of the originator is told.

    Raises:
        StrongroomError: ``VASP_UNKNOWN``, ``HUB_UNAVAILABLE``, ``RATE_LIMITED``, ``COUNTERPARTY_UNAVAILABLE``,
            ``COUNTERPARTY_REFUSED``.
    """
    identifiers = {
        KeyType.PER_VASP: question.beneficiary_vasp_id,
        KeyType.PER_ADDRESS: question.account_number,
        KeyType.PER_VERIFICATION: means.new_uuid(),
    }
    answer = await ask_counterparty(
        means=means,
        question=AccountCheck(symbol=question.symbol, network=question.network, beneficiary=question.beneficiary),
        to_vasp=question.beneficiary_vasp_id,
        key_type=question.key_type,
        key_identifier=identifiers[question.key_type],
    )
    if not isinstance(answer, AccountAnswer):
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The counterparty answered something else.")
    return shapes.AccountResult(result=answer.result, reason=answer.reason, message=answer.message)


async def inquire_tx(*, means: Means, uuid: str) -> shapes.TransactionStatus:
    """Ask the originator's provider for the transaction of a verification.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``; ``VERIFICATION_STATE_CONFLICT`` if this provider is the
            originator's; ``HUB_UNAVAILABLE``, ``RATE_LIMITED``, ``COUNTERPARTY_UNAVAILABLE``,
            ``COUNTERPARTY_REFUSED``.
    """
    known = await means.database.read(lambda tx: get_verification(tx, means=means, uuid=uuid))
    to_vasp = counterparty_of(means=means, verification=known)
    if to_vasp != known.originating_vasp_id:
        raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT, "The transaction is this provider's own to know.")
    answer = await ask_counterparty(
        means=means,
        question=TxInquiry(verification_uuid=uuid),
        to_vasp=to_vasp,
        key_type=KeyType.PER_VASP,
        key_identifier=to_vasp,
    )
    if not isinstance(answer, TxStatus) or answer.verification_uuid != uuid:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The counterparty answered something else.")
    return shapes.TransactionStatus(
        verification_uuid=uuid, transaction_status=answer.transaction_status, tx_hash=answer.tx_hash
    )
