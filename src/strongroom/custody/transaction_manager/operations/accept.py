"""Step 5."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.acceptance import (
    Earlier,
    Submission,
    check_key,
    decide_replay,
    new_transaction,
)
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import Step, own_step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import EXPIRE
from strongroom.custody.transaction_manager.store import transactions
from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import Intent, derive_intent
from strongroom.kernel.documents.request import (
    Claims,
    TransactionRequest,
    parse_token,
    parse_transaction_request,
    verify_request,
)
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import REPLAY_CONSTRAINT, Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.context import Metadata, acting

_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to the initiator."""

    transaction_id: UUID
    status: Status
    replayed: bool


async def accept(*, submission: Submission, received: Received, ports: Ports) -> Accepted:
    """Step 5 — fixes the intent of an authenticated request and stores the transaction, its history and the next call.

    The same externalTxId, Idempotency-Key or request with the same raw body is answered again, also when both come at
    once.

    Raises:
        StrongroomError: ``TOKEN_*``, ``API_USER_UNKNOWN``, ``TENANT_UNKNOWN``; ``REQUEST_INVALID``,
            ``OPERATION_UNSUPPORTED``, ``ASSET_UNKNOWN``, ``VAULT_ACCOUNT_UNKNOWN``, ``VAULT_WALLET_NOT_READY``,
            ``ADDRESS_INVALID``, ``AMOUNT_*``, ``FEE_INVALID``, ``REQUEST_EXPIRED``; ``EXTERNAL_ID_REUSED``,
            ``IDEMPOTENCY_KEY_REUSED``.
    """
    started_s = ports.clock.monotonic_s()
    check_key(submission.idempotency_key)
    for _ in range(_TRIES):
        try:
            return await _accept_once(submission, received, ports, started_s)
        except StrongroomError as error:
            constraint = violated_constraint(error)
            if constraint == REPLAY_CONSTRAINT:
                raise StrongroomError(Code.HANDOFF_REPLAYED) from error
            if constraint is None:
                raise
    raise StrongroomError(Code.IDEMPOTENCY_IN_PROGRESS)


async def _accept_once(submission: Submission, received: Received, ports: Ports, started_s: float) -> Accepted:
    wish = parse_transaction_request(submission.request.body)
    parse_token(submission.request.token)
    identity = request_hash(token=submission.request.token, body=submission.request.body)
    earlier = await transactions.find_earlier(
        ports.database,
        tenant_id=submission.tenant_id,
        key=submission.idempotency_key,
        external_id=wish.external_id,
        request_hash=identity,
    )
    document_set = await ports.documents.get(tenant_id=submission.tenant_id, version=earlier.current_version)
    claims = _verify(submission, document_set)
    known = decide_replay(earlier=earlier, body_hash=sha256(submission.request.body))
    if known is not None:
        return await _answer_again(known, earlier, submission, ports)
    metadata = acting(parents=received.parents, context=received.context)
    intent = await _derive(wish, claims, identity, document_set, metadata=metadata, ports=ports)
    transaction = new_transaction(
        submission=submission, wish=wish, intent=intent, document_set=document_set, now=ports.clock.now()
    )
    await _store(transaction, submission, received, ports, started_s)
    return Accepted(transaction_id=transaction.id, status=Status.SUBMITTED, replayed=False)


def _verify(submission: Submission, document_set: DocumentSet) -> Claims:
    """auth_engine has done this; the manager does not take the gateway's word for it."""
    request = submission.request
    claims, _, _ = parse_token(request.token)
    user = document_set.get_api_user(claims.sub)
    return verify_request(token=request.token, body=request.body, uri=request.uri, public_key_der=user.public_key_der)


async def _derive(
    wish: TransactionRequest,
    claims: Claims,
    identity: bytes,
    document_set: DocumentSet,
    *,
    metadata: Metadata,
    ports: Ports,
) -> Intent:
    key = await ports.peers.get_key(document_set=document_set, metadata=metadata)
    intent = derive_intent(request=wish, claims=claims, request_hash=identity, document_set=document_set, key=key)
    wallets = [(intent.source_account, intent.sender)]
    if intent.destination_account is not None:
        wallets.append((str(intent.destination_account), intent.destination))
    for account, address in wallets:
        await ports.peers.check_wallet(
            tenant_id=intent.tenant, account=account, asset_id=intent.asset_id, address=address, metadata=metadata
        )
    return intent


async def _answer_again(known: UUID, earlier: Earlier, submission: Submission, ports: Ports) -> Accepted:
    if submission.idempotency_key and earlier.by_key is None:
        await ports.database.commit(_key_row(known, submission, ports))
    return Accepted(transaction_id=known, status=Status.SUBMITTED, replayed=True)


async def _store(
    transaction: Transaction, submission: Submission, received: Received, ports: Ports, started_s: float
) -> None:
    now = ports.clock.now()
    steps = [*_steps_before(submission), _own_step(started_s, ports)]
    errand = Errand.of(
        environment=transaction.environment,
        tenant_id=transaction.tenant_id,
        parents=received.parents,
        context=received.context,
    )
    lifetime = transaction.not_after - now
    await ports.work.commit(
        transactions.insert_transaction(transaction),
        transactions.insert_steps(transaction, steps=steps, now=now),
        transactions.insert_status_events(transaction, change=Change(moves=(Status.SUBMITTED,)), now=now),
        insert_handoff(replace(received.handoff, transaction_id=transaction.id)),
        *([_key_row(transaction.id, submission, ports)] if submission.idempotency_key else []),
        then=[
            ports.work.new(str(transaction.id), "check_balance", errand.encode()),
            ports.work.new(str(transaction.id), EXPIRE, errand.encode(), due_in_s=lifetime.total_seconds()),
        ],
    )
    ports.live.keep(transaction)


_BEFORE: Final = {
    "1": "a signed request",
    "2": "an access token for this request alone, 6 hours",
    "3": "the API user is in the tenant's roster",
    "4": "signature, path, body, time and nonce agree",
}
"""What steps 1 to 4 have decided when a request arrives here."""


def _key_row(transaction_id: UUID, submission: Submission, ports: Ports) -> Statement:
    return transactions.insert_idempotency_key(
        transaction_id=transaction_id,
        tenant_id=submission.tenant_id,
        key=submission.idempotency_key,
        body_hash=sha256(submission.request.body),
        now=ports.clock.now(),
    )


def _steps_before(submission: Submission) -> Iterable[Step]:
    """Steps 1 to 4 as the gateway timed them, one after the other."""
    at = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=submission.received_at_us)
    for number, duration_us in zip(("1", "2", "3", "4"), (*submission.step_us, 0, 0, 0, 0), strict=False):
        yield own_step(number, started_at=at, duration_us=max(duration_us, 0), detail=_BEFORE[number])
        at += timedelta(microseconds=max(duration_us, 0))


def _own_step(started_s: float, ports: Ports) -> Step:
    duration_us = round((ports.clock.monotonic_s() - started_s) * 1_000_000)
    return own_step(
        "5",
        started_at=ports.clock.now() - timedelta(microseconds=duration_us),
        duration_us=duration_us,
        detail="the intent is fixed; every field follows from the request and the signed document set",
    )
