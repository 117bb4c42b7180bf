"""The REST client: one signed request a call, typed errors, and checks of what can be checked (trust.md 2)."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self, cast
from urllib.parse import quote, urlencode

import httpx

from strongroom.client.approver import ApproverKey, Review, open_review, sign_approval, verify_tombstone
from strongroom.client.credentials import ApiCredentials
from strongroom.client.documents import ShownDocuments, open_documents
from strongroom.client.keys import Key, open_key
from strongroom.client.payments import Created, Sent, check_earlier
from strongroom.client.ports import Ports, SystemPorts
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Tombstone
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.intent import PublicKey, address_at
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError, parse_code

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The end of a transaction that is not COMPLETED.

    Args:
        ending: the status that a CANCELLING one will have unless it lands first; else empty.
        tombstone: co-signer 3's, verified: with it, paying again under the same externalTxId is safe.
        alarm: what is wrong with the tombstone that was shown; empty for nothing.
    """

    ending: str
    tombstone: Tombstone | None
    alarm: str = ""


class Strongroom:
    """A connection to one Strongroom as one API user.

    Args:
        base_url: such as ``http://127.0.0.1:8080/v1``.
        credentials: the API user; None for the operator's calls alone.
        operator_token: for tenants, document sets and screening lists; None for an API user's calls alone.
        ports: time and randomness.
        timeout_s: for each request.
    """

    def __init__(
        self,
        base_url: str,
        *,
        credentials: ApiCredentials | None = None,
        operator_token: str | None = None,
        ports: Ports | None = None,
        timeout_s: float = 30,
    ) -> None:
        self._base = httpx.URL(base_url)
        self._credentials, self._operator_token = credentials, operator_token
        self._ports: Ports = ports or SystemPorts()
        self._http = httpx.Client(timeout=timeout_s, trust_env=False)

    def __enter__(self) -> Self:
        """The client itself; its connections close at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        idempotency_key: str = "",
    ) -> Json:
        """One signed call.

        Args:
            method: ``GET`` or ``POST``.
            path: below the base, such as ``/transactions``.
            query: query parameters.
            body: the JSON body; None for none.
            idempotency_key: the Idempotency-Key header; empty for none.

        Returns:
            The JSON answer; a number with a fraction is a ``Decimal``, to the last digit.

        Raises:
            StrongroomError: with the platform's own code, or ``UNAVAILABLE`` if it cannot be reached.
        """
        return _parse_answer(self._send(method, path, query=query, body=body, idempotency_key=idempotency_key))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        idempotency_key: str = "",
    ) -> httpx.Response:
        target = self._base.path.rstrip("/") + path + (f"?{urlencode(query)}" if query else "")
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | self._authentication(target, content)
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        try:
            return self._http.request(
                method, self._base.copy_with(raw_path=target.encode()), content=content, headers=headers
            )
        except httpx.HTTPError as error:
            raise StrongroomError(Code.UNAVAILABLE, f"{self._base} does not answer: {type(error).__name__}.") from error

    def pages(self, path: str, *, items: str, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """Every item of a list, page after page.

        A page has the cursor of the next one in ``{"paging": {"after": CURSOR}}``, or, where the body is the bare list,
        in the header ``next-page``.

        Args:
            path: as ``request``.
            items: the name of the list in the answer; ``items`` for a bare list.
            query: the first page's parameters.

        Raises:
            StrongroomError: as ``request``.
        """
        wanted = dict(query or {})
        while True:
            answer = self._send("GET", path, query=wanted)
            page = _parse_answer(answer)
            yield from cast("list[Json]", page[items])
            following = wanted | _next_page(page, answer.headers.get("next-page", ""))
            if following == wanted:
                return
            wanted = following

    def get_document_set(self) -> DocumentSet:
        """The tenant's current document set; its signatures are the caller's to check against what it knows."""
        answer = self.request("GET", "/strongroom/document_set")
        return parse_document_set(decode(base64.b64decode(answer["documentSet"]), Signed).payload)

    def get_documents(self, *, pinned_hash: bytes | None = None) -> ShownDocuments:
        """The current document set with its signatures, checked as far as one version alone can be.

        Raises:
            StrongroomError: as ``open_documents``.
        """
        answer = self.request("GET", "/strongroom/document_set")
        return open_documents(decode(base64.b64decode(answer["documentSet"]), Signed), pinned_hash=pinned_hash)

    def create_transaction(self, body: Json, *, document_set: DocumentSet, idempotency_key: str = "") -> Created:
        """Ask for a payment; its id is computed here, so that nobody can answer with another one's fate.

        Args:
            body: as the platform takes it; with an externalTxId it may be sent again and is paid once.
            document_set: the tenant's.
            idempotency_key: as ``request``.

        Raises:
            StrongroomError: as ``request``; ``INTENT_MISMATCH`` if the answer is about another payment.
        """
        answer = self._send("POST", "/transactions", body=body, idempotency_key=idempotency_key)
        made, sent = _parse_answer(answer), Sent.of(answer.request)
        claimed = str(made["id"])
        is_earlier = claimed != str(sent.transaction_id(document_set))
        if is_earlier:
            token = self._token_of(claimed)
            check_earlier(claimed=claimed, token=token, sent=sent, asked=body, document_set=document_set)
        return Created(id=claimed, status=str(made["status"]), is_earlier=is_earlier)

    def _token_of(self, transaction_id: str) -> str:
        """The JWT that a transaction's request is said to have had; empty for none."""
        try:
            return str(self.get_detail(transaction_id).get("token", ""))
        except StrongroomError as error:
            if error.retryable:
                raise
            return ""

    def cancel(self, transaction_id: str) -> None:
        """Have a transaction cancelled; it is CANCELLING until co-signer 3 signed its tombstone, unless it lands first.

        Raises:
            StrongroomError: ``TRANSACTION_UNKNOWN``, ``STATUS_CONFLICT`` once it is signed.
        """
        self.request("POST", f"/transactions/{quote(transaction_id, safe='')}/cancel")

    def get_detail(self, transaction_id: str) -> Json:
        """Status, ending, intent, decision and tombstone of a transaction, as the platform states them."""
        return self.request("GET", _below(transaction_id))

    def get_closing(self, transaction_id: str, *, documents: ShownDocuments) -> Closing:
        """How a transaction ends, and whether it is safe to pay again; the tombstone is verified here."""
        detail, tombstone = self.get_detail(transaction_id), None
        try:
            if detail["tombstone"]:
                tombstone = verify_tombstone(
                    base64.b64decode(detail["tombstone"]),
                    transaction_id=transaction_id,
                    intent=base64.b64decode(detail["intent"]),
                    document_set=documents.document_set,
                )
        except StrongroomError as error:
            return Closing(ending=detail["ending"], tombstone=None, alarm=f"{error.code.name}: {error.detail}")
        return Closing(ending=detail["ending"], tombstone=tombstone)

    def get_approval(self, transaction_id: str, *, documents: ShownDocuments) -> Review:
        """One transaction as an approver has to judge it.

        Raises:
            StrongroomError: ``TRANSACTION_UNKNOWN``, also before the policy was asked; and as ``open_review``.
        """
        answer = self.request("GET", f"{_below(transaction_id)}/approval")
        return _review(answer, transaction_id=transaction_id, documents=documents)

    def list_approvals(self, *, documents: ShownDocuments) -> Iterator[Review]:
        """Every transaction that waits for approvals, oldest first."""
        for answer in self.pages("/strongroom/approvals", items="approvals"):
            yield _review(answer, transaction_id=answer["id"], documents=documents)

    def approve(self, review: Review, key: ApproverKey, *, expires_at: int | None = None) -> str:
        """Sign APPROVE to what ``review`` shows, and hand it in.

        Args:
            expires_at: Unix seconds; None for as long as the request lives.

        Returns:
            WAITING, APPROVED, REJECTED or EXPIRED: how far it is now.

        Raises:
            StrongroomError: as ``Review.check_answerable`` and ``Review.check_asset``; ``INTENT_MISMATCH`` if the own
                vault account that is paid has another address.
        """
        review.check_asset()
        self._check_destination(review)
        return self._answer(review, key, answer=ApprovalAnswer.APPROVE, expires_at=expires_at)

    def reject(self, review: Review, key: ApproverKey) -> str:
        """Sign REJECT to what ``review`` shows, and hand it in; that ends the transaction.

        Raises:
            StrongroomError: as ``Review.check_answerable``.
        """
        return self._answer(review, key, answer=ApprovalAnswer.REJECT, expires_at=None)

    def _answer(self, review: Review, key: ApproverKey, *, answer: ApprovalAnswer, expires_at: int | None) -> str:
        review.check_answerable(key, now_s=self._ports.now_s())
        not_after = review.intent.not_after
        signed = sign_approval(
            review, key, answer=answer, expires_at=not_after if expires_at is None else min(expires_at, not_after)
        )
        path = f"{_below(str(review.intent.id))}/approvals"
        return str(self.request("POST", path, body={"approval": _text(signed.encode())})["state"])

    def _check_destination(self, review: Review) -> None:
        """An own vault account is shown by its number: its address must be the one that the tenant's key gives."""
        intent, document_set = review.intent, review.documents.document_set
        if intent.destination_account is None:
            return
        key = self.get_key(document_set).public_key
        coin_type = document_set.get_asset(intent.asset_id).coin_type
        path = derivation_path(coin_type=coin_type, vault_account=intent.destination_account)
        if key is None or address_at(key, path) != intent.destination:
            raise StrongroomError(
                Code.INTENT_MISMATCH, f"{intent.destination} is not vault account {intent.destination_account}."
            )

    def publish_document_set(self, signed: Signed) -> Json:
        """Publish a document set that its owners signed."""
        return self.request("POST", "/strongroom/document_sets", body={"documentSet": _text(signed.encode())})

    def import_list(self, name: str, content: bytes) -> int:
        """Put a list of addresses (a JSON array of texts) in place of the screening list of that name; operators only.

        Returns:
            How many addresses it holds.
        """
        body = {"name": name, "content": _text(content)}
        return int(self.request("POST", "/strongroom/screening/lists", body=body)["addresses"])

    def import_parties(self, content: bytes) -> Json:
        """Put the parties of a file in place of all that its tenant had; operators only.

        Args:
            content: JSON, as docs/travel_rule.md says.

        Returns:
            ``tenantId`` and how many ``originators`` and ``destinations`` there are.
        """
        return self.request("POST", "/strongroom/screening/parties", body={"content": _text(content)})

    def request_key(self, signed: Signed) -> Json:
        """Start the key ceremony that the owners asked for."""
        return self.request("POST", "/strongroom/keys", body={"keyRequest": _text(signed.encode())})

    def wait_for_key(self, document_set: DocumentSet, *, timeout_s: int = 120) -> PublicKey:
        """The tenant's key once all three co-signers recorded it alike; verified here.

        Raises:
            StrongroomError: ``CEREMONY_FAILED``, ``DEADLINE_EXCEEDED``, ``SIGNATURE_INVALID``, ``DOCUMENT_*``.
        """
        deadline_s = self._ports.now_s() + timeout_s
        while True:
            key = self.get_key(document_set)
            if key.public_key is not None:
                return key.public_key
            if key.status == "FAILED":
                raise StrongroomError(Code.CEREMONY_FAILED, key.reason)
            if self._ports.now_s() >= deadline_s:
                raise StrongroomError(Code.DEADLINE_EXCEEDED, "The key ceremony has not ended yet.")
            self._ports.sleep(0.1)

    def get_key(self, document_set: DocumentSet) -> Key:
        """The tenant's key as it stands now; once READY, verified here by the three co-signers' records.

        Raises:
            StrongroomError: ``KEY_UNKNOWN``, ``SIGNATURE_INVALID``, ``DOCUMENT_*``.
        """
        return open_key(self.request("GET", "/strongroom/key"), document_set=document_set)

    def verified_address(self, key: PublicKey, *, coin_type: int, vault_account: str, claimed: str) -> str:
        """The address of a vault account, derived here and compared with what the platform claims.

        Raises:
            StrongroomError: ``SIGNATURE_INVALID`` if the platform claims another one.
        """
        derived = address_at(key, derivation_path(coin_type=coin_type, vault_account=int(vault_account)))
        if derived != claimed:
            raise StrongroomError(Code.SIGNATURE_INVALID, f"The platform claims {claimed}, the key says {derived}.")
        return derived

    def _authentication(self, target: str, content: bytes) -> dict[str, str]:
        headers = {"X-Operator-Token": self._operator_token} if self._operator_token else {}
        if self._credentials:
            token = self._credentials.sign_request(uri=target, body=content, ports=self._ports)
            headers |= {"X-API-Key": self._credentials.api_key, "Authorization": f"Bearer {token}"}
        return headers


def _review(answer: Json, *, transaction_id: str, documents: ShownDocuments) -> Review:
    review = open_review(
        transaction_id=transaction_id,
        state=answer["state"],
        attempt=answer["attempt"],
        intent=base64.b64decode(answer["intent"]),
        decision=base64.b64decode(answer["decision"]),
        approvals=[base64.b64decode(approval) for approval in answer["approvals"]],
        times_ms=(answer["requestedAt"], answer["expiresAt"]),
        documents=documents,
    )
    return replace(review, reason=answer.get("reason", ""))


def _below(transaction_id: str) -> str:
    return f"/strongroom/transactions/{quote(transaction_id, safe='')}"


def _next_page(page: Json, header: str) -> dict[str, str]:
    after = cast("Json", page.get("paging") or {}).get("after") or ""
    return {"after": after} if after else {"next": header} if header else {}


def _parse_answer(answer: httpx.Response) -> Json:
    try:
        value: object = answer.json(parse_float=Decimal) if answer.content else {}
    except ValueError:
        raise StrongroomError(Code.UNAVAILABLE, f"The answer is not JSON (HTTP {answer.status_code}).") from None
    fields = cast("Json", value) if isinstance(value, dict) else {"items": value}
    if answer.is_success:
        return fields
    raise StrongroomError(parse_code(str(fields.get("error", ""))), str(fields.get("message", "")))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
