"""A real HTTP server in the gateway's place: it checks every request's signature, and says what a test put in."""

import base64
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, cast, final

from strongroom.client import sign_key_request
from strongroom.kernel.digest import request_hash
from strongroom.kernel.documents.document_set import tenant_of
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.request import verify_request
from strongroom.kernel.errors import Code
from strongroom.kernel.ids import derive_transaction_id
from tests.custody.secure_vault.signing import WholeKey
from tests.fixtures.tenant import API_USER, FRIEND, MadeTenant, make_tenant

Json = dict[str, Any]
OPERATOR_TOKEN = "0123456789abcdef"
TRANSACTION_ID = "0b7f8a52-55d1-5b0e-9f0a-0d9f1f0c2a11"
SOURCE_PATH = "m/44/60/0/0/0"
_OWN = object()
"""Stands for the answer with the request's own id."""


@dataclass(frozen=True)
class Answer:
    """What the door says to one request."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Asked:
    """A request that arrived, signed as it should be."""

    method: str
    target: str
    headers: dict[str, str]
    body: Json

    @property
    def token(self) -> str:
        return self.headers["authorization"].removeprefix("Bearer ")


@final
class Gateway:
    """Answers by method and target; several answers to one target are given in turn, the last for ever."""

    def __init__(self) -> None:
        self.tenant: MadeTenant = make_tenant()
        self.key = WholeKey()
        self.asked: list[Asked] = []
        self.url = ""
        self.made = ""
        self._answers: dict[str, list[Answer]] = {}

    def say(self, request: str, *answers: object) -> None:
        """``request`` is ``GET /transactions?limit=21``, below the base."""
        method, _, path = request.partition(" ")
        self._answers[f"{method} /v1{path}"] = [
            answer if isinstance(answer, Answer) else Answer(answer) for answer in answers
        ]

    def creates(self) -> None:
        """Take every payment under the id of its request; what is said of TRANSACTION_ID is said of the last one."""
        self.say("GET /strongroom/document_set", {"documentSet": _text(self.tenant.signed_document_set().encode())})
        self.say("POST /transactions", _OWN)

    def _create(self, asked: Asked, raw: bytes) -> Answer:
        document_set = self.tenant.document_set
        self.made = str(
            derive_transaction_id(
                environment=document_set.environment,
                tenant_id=tenant_of(document_set),
                request_hash=request_hash(token=asked.token, body=raw),
            )
        )
        return Answer({"id": self.made, "status": "SUBMITTED"})

    def refuse(self, request: str, code: Code, message: str) -> None:
        body = {"error": code.name, "code": code.meaning.number, "message": message}
        self.say(request, Answer(body, status=code.meaning.http_status))

    def has_key(self, **changes: Any) -> None:
        """Show document set and key; ``changes`` go into the co-signers' records."""
        request = sign_key_request(self.tenant.document_set, self.tenant.owners, ports=self.tenant.ports)
        records = [_text(record) for record in self.key.records(self.tenant, request, **changes)]
        self.say("GET /strongroom/document_set", {"documentSet": _text(self.tenant.signed_document_set().encode())})
        key: Json = {"keyId": self.key.public.key_id, "status": "READY", "reason": "", "keyRecords": records}
        self.say("GET /strongroom/key", {**key, "keyRequest": _text(request.encode())})

    @property
    def address(self) -> str:
        """Of vault account 0."""
        return address_at(self.key.public, SOURCE_PATH)

    def take(self, asked: Asked, raw: bytes) -> Answer:
        """Judge one request and answer it."""
        self.asked.append(asked)
        if asked.headers.get("x-operator-token", OPERATOR_TOKEN) != OPERATOR_TOKEN:
            return Answer({"error": "OPERATOR_TOKEN_INVALID", "message": "wrong token"}, status=403)
        if "authorization" in asked.headers:
            verify_request(
                token=asked.token,
                body=raw,
                uri=asked.target,
                public_key_der=API_USER.public_key_der(),
            )
        elif "x-operator-token" not in asked.headers:
            return Answer({"error": "REQUEST_UNSIGNED", "message": "unsigned"}, status=401)
        target = asked.target.replace(self.made, TRANSACTION_ID) if self.made else asked.target
        answers = self._answers.get(f"{asked.method} {target}", [])
        if not answers:
            return Answer({"error": "NOT_FOUND", "message": f"nothing at {asked.target}"}, status=404)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return self._create(asked, raw) if answer.body is _OWN else answer


@contextmanager
def running(gateway: Gateway) -> Generator[Gateway]:
    """The gateway on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, cast("Json", json.loads(raw)) if raw else {})
            answer = gateway.take(asked, raw)
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {**answer.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class names them
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gateway.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield gateway
        finally:
            server.shutdown()
            thread.join()


def transaction(**changes: Any) -> Json:
    """A transaction as the gateway shows it."""
    shown: Json = {
        "id": TRANSACTION_ID,
        "status": "COMPLETED",
        "subStatus": "CONFIRMED",
        "operation": "TRANSFER",
        "assetId": "ETH_TEST",
        "source": {"type": "VAULT_ACCOUNT", "id": "0"},
        "sourceAddress": "0x00000000000000000000000000000000000000A0",
        "destination": {"type": "ONE_TIME_ADDRESS"},
        "destinationAddress": FRIEND,
        "amountInfo": {"amount": "0.25", "requestedAmount": "0.25", "netAmount": "0.25"},
        "feeInfo": {"networkFee": "0.000021"},
        "feeCurrency": "ETH_TEST",
        "amount": 0.25,
        "createdAt": 1_800_000_000_000,
        "lastUpdated": 1_800_000_001_000,
        "createdBy": API_USER.api_key,
        "numOfConfirmations": 2,
        "txHash": "0x" + "ab" * 32,
        "blockInfo": {"blockHeight": "7", "blockHash": "0x" + "cd" * 32},
        "externalTxId": "invoice-17",
        "note": "rent",
    }
    return {**shown, **changes}


def step(number: str, tail: str, head: str, operation: str, **changes: Any) -> Json:
    """A step as the gateway shows it: it took 1.25 ms."""
    shown: Json = {
        "step": number,
        "attempt": 0,
        "fromService": tail,
        "toService": head,
        "operation": operation,
        "outcome": "OK",
        "detail": "",
        "startedAtUs": 1_800_000_000_000_000,
        "durationUs": 1250,
    }
    return {**shown, **changes}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
