"""What a payment's id must be, computed from its request: whoever answers may name another (trust.md 3 and 5)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from strongroom.kernel.digest import request_hash
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.request import parse_token, verify_request
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A payment that the platform has taken; ``is_earlier`` if the same was asked for before, and is not paid twice."""

    id: str
    status: str
    is_earlier: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it went out: its JWT, path with query, and raw body."""

    token: str
    uri: str
    body: bytes

    @classmethod
    def of(cls, request: httpx.Request) -> "Sent":
        """What was sent."""
        return cls(
            token=request.headers.get("Authorization", "").removeprefix("Bearer "),
            uri=request.url.raw_path.decode(),
            body=request.content,
        )

    def transaction_id(self, document_set: DocumentSet, *, token: str | None = None) -> UUID:
        """The one transaction that this request can become; with another ``token``, that of the same body sent then."""
        return derive_transaction_id(
            environment=document_set.environment,
            tenant_id=tenant_of(document_set),
            request_hash=request_hash(token=self.token if token is None else token, body=self.body),
        )


def check_earlier(*, claimed: str, token: str, sent: Sent, asked: Json, document_set: DocumentSet) -> None:
    """Check that the transaction of another id is the same payment, sent before: the same body, signed by an API user.

    Args:
        claimed: the id that the platform answers with.
        token: the JWT that it shows for it.
        sent: the request that was answered.
        asked: its body. Without an externalTxId nothing keeps two payments of one body from being both meant.
        document_set: whose API users may have signed it.

    Raises:
        StrongroomError: ``INTENT_MISMATCH``: whatever is shown of that transaction says nothing about this payment.
    """
    try:
        user = document_set.get_api_user(parse_token(token)[0].sub)
        verify_request(token=token, body=sent.body, uri=sent.uri, public_key_der=user.public_key_der)
        is_same = str(sent.transaction_id(document_set, token=token)) == claimed
    except StrongroomError:
        is_same = False
    if not (is_same and asked.get("externalTxId")):
        raise StrongroomError(
            Code.INTENT_MISMATCH,
            f"The platform answers with transaction {claimed[:64]}, which is another payment. This one is "
            f"{sent.transaction_id(document_set)}: it may be paid, so do not pay again before that has ended.",
        )
