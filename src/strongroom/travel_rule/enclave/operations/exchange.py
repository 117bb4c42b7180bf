"""Asks a counterparty's enclave, past the hub, and heals the cache of its keys."""

from typing import Final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.store.keys import (
    drop_counter_party_key,
    find_counter_party_key,
    put_counter_party_key,
)
from strongroom.travel_rule.messages import (
    Answer,
    KeyAnswer,
    KeyRequest,
    Question,
    Recipient,
    Refusal,
    RefusalCode,
    VaspRecord,
    VaspStatus,
    kind_of,
    open_answer,
    seal_question,
)

_REFUSED: Final = {
    RefusalCode.KEY_UNKNOWN: Code.TRAVEL_RULE_KEY_UNKNOWN,
    RefusalCode.STALE: Code.COUNTERPARTY_UNAVAILABLE,
    RefusalCode.REPLAYED: Code.COUNTERPARTY_UNAVAILABLE,
    RefusalCode.INVALID: Code.COUNTERPARTY_REFUSED,
    RefusalCode.NOT_FOUND: Code.VERIFICATION_NOT_FOUND,
    RefusalCode.CONFLICT: Code.VERIFICATION_STATE_CONFLICT,
    RefusalCode.UNAVAILABLE: Code.COUNTERPARTY_UNAVAILABLE,
}
_log = structlog.stdlib.get_logger(__name__)


async def get_counterparty(*, means: Means, vasp_id: str) -> VaspRecord:
    """The signed record of another provider that runs an enclave.

    Raises:
        StrongroomError: ``VASP_UNKNOWN``, ``HUB_UNAVAILABLE``, ``RATE_LIMITED``.
    """
    if vasp_id == means.own_vasp_id:
        raise StrongroomError(Code.VASP_UNKNOWN, "That is this enclave's own provider.")
    record = await means.hub.record(vasp_id)
    if record.status is not VaspStatus.VERIFIED_MEMBER:
        raise StrongroomError(Code.VASP_UNKNOWN, "That provider runs no enclave.")
    return record


async def ask_counterparty(
    *, means: Means, question: Question, to_vasp: str, key_type: KeyType, key_identifier: str
) -> Answer:
    """The counterparty's answer to a question sealed to its key; asked again once if it has changed its key.

    Raises:
        StrongroomError: ``HUB_UNAVAILABLE``, ``RATE_LIMITED``, ``COUNTERPARTY_UNAVAILABLE`` or
            ``TRAVEL_RULE_KEY_UNKNOWN``, after which it may be asked again; ``COUNTERPARTY_REFUSED``,
            ``VERIFICATION_NOT_FOUND``, ``VERIFICATION_STATE_CONFLICT``, ``TRAVEL_RULE_MESSAGE_...``, ``VASP_UNKNOWN``.
    """
    counterparty = await get_counterparty(means=means, vasp_id=to_vasp)
    key = await _find_cached(means, to_vasp, key_type, key_identifier)
    is_cached = key is not None
    if key is None:
        key = await _ask_key(means, counterparty, key_type, key_identifier)
    answer = await _exchange(means, question, counterparty, key)
    if is_cached and isinstance(answer, Refusal) and answer.code is RefusalCode.KEY_UNKNOWN:
        _log.info("counterparty_key_changed", to_vasp=to_vasp, key_type=key_type.value)
        means.party_keys.pop((to_vasp, key_type, key_identifier), None)
        await means.database.run(
            lambda tx: drop_counter_party_key(tx, vasp_id=to_vasp, key_type=key_type, identifier=key_identifier)
        )
        key = await _ask_key(means, counterparty, key_type, key_identifier)
        answer = await _exchange(means, question, counterparty, key)
    if isinstance(answer, Refusal):
        raise StrongroomError(_REFUSED[answer.code], f"The counterparty refused: {answer.text}")
    return answer


async def _find_cached(means: Means, vasp_id: str, key_type: KeyType, identifier: str) -> CounterPartyKey | None:
    if key_type is KeyType.PER_VERIFICATION:
        return None  # never asked for twice
    known = means.party_keys.get((vasp_id, key_type, identifier))
    if known is not None:
        return known
    found = await means.database.read(
        lambda tx: find_counter_party_key(tx, vasp_id=vasp_id, key_type=key_type, identifier=identifier)
    )
    if found is not None:
        means.remember_party_key(found)
    return found


async def _ask_key(means: Means, counterparty: VaspRecord, key_type: KeyType, identifier: str) -> CounterPartyKey:
    question = KeyRequest(key_type=key_type.value, key_identifier=identifier)
    answer = await _exchange_for_key(means, question, counterparty)
    if isinstance(answer, Refusal):
        raise StrongroomError(_REFUSED[answer.code], f"The counterparty gave no key: {answer.text}")
    if not isinstance(answer, KeyAnswer) or (answer.key_type, answer.key_identifier) != (key_type.value, identifier):
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The counterparty gave another key than was asked for.")
    key = CounterPartyKey(
        type=key_type, vasp_id=counterparty.vasp_id, identifier=identifier, public_key=answer.public_key
    )
    if key_type is not KeyType.PER_VERIFICATION:
        await means.database.run(lambda tx: put_counter_party_key(tx, key, now=means.now()))
        means.remember_party_key(key)
    return key


async def _exchange_for_key(means: Means, question: KeyRequest, counterparty: VaspRecord) -> Answer:
    """In clear, unless it names an account: that is sealed to the provider's own key, as the hub may not read it."""
    if question.key_type != KeyType.PER_ADDRESS.value:
        return await _exchange(means, question, counterparty, None)
    vasp_id = counterparty.vasp_id
    return await ask_counterparty(
        means=means, question=question, to_vasp=vasp_id, key_type=KeyType.PER_VASP, key_identifier=vasp_id
    )


async def _exchange(means: Means, question: Question, counterparty: VaspRecord, key: CounterPartyKey | None) -> Answer:
    to = Recipient(
        vasp_id=counterparty.vasp_id,
        key_type=None if key is None else key.type.value,
        public_key=None if key is None else key.public_key,
    )
    pending = seal_question(
        question,
        sender=means.sender,
        to=to,
        message_id=means.new_message_id(),
        reply_private_key=means.entropy.token(32),
        now=means.clock.now(),
    )
    answered = await _carry(means, counterparty.vasp_id, pending.message)
    answer = open_answer(answered, pending=pending, sender=counterparty, now=means.clock.now())
    _log.debug("exchanged", kind=kind_of(question).value, to_vasp=counterparty.vasp_id)
    return answer


async def _carry(means: Means, to_vasp: str, message: bytes) -> bytes:
    """The counterparty's answer. What the hub says in its name is unsigned: it may delay, and decides nothing."""
    try:
        return await means.hub.exchange(to_vasp, message)
    except StrongroomError as error:
        if error.code in {Code.COUNTERPARTY_REFUSED, Code.VASP_UNKNOWN, Code.TRAVEL_RULE_MESSAGE_INVALID}:
            raise StrongroomError(Code.COUNTERPARTY_UNAVAILABLE, f"The hub says: {error.detail}") from None
        raise
