"""The REST client: one signed request a call, typed errors, and checks of what can be checked (trust.md 2)."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self, cast
from urllib.parse import urlencode

import httpx

from strongroom.client.credentials import ApiCredentials
from strongroom.client.ports import Ports, SystemPorts
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.intent import PublicKey, address_at
from strongroom.kernel.documents.keys import verify_key_records
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError, parse_code

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The tenant's key: ``status`` is PENDING, READY or FAILED; ``reason`` says why it failed.

    ``public_key`` is verified, ``records`` are the three co-signers' statements of it by which it was; both only when
    READY.
    """

    key_id: str
    status: str
    reason: str
    public_key: PublicKey | None
    records: tuple[Signed, ...]


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
        answer = self.request("GET", "/strongroom/key")
        is_ready = answer["status"] == "READY"
        return Key(
            key_id=answer["keyId"],
            status=answer["status"],
            reason=answer["reason"],
            public_key=_verify_key(answer, document_set) if is_ready else None,
            records=tuple(decode(record, Signed) for record in _records(answer)) if is_ready else (),
        )

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


def _verify_key(key: Json, document_set: DocumentSet) -> PublicKey:
    request = decode(base64.b64decode(key["keyRequest"]), Signed)
    return verify_key_records(
        records=_records(key), document_set=document_set, key_request_hash=sha256(request.payload)
    )


def _records(key: Json) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(record) for record in key["keyRecords"])


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
