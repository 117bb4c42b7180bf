"""A server in Chainalysis' place: sanctions below ``/api/v1``, KYT below ``/api/kyt``.

It compares the keys byte for byte, assesses what is registered after it was polled ``polls`` times, and knows only
those addresses as sanctioned or risky that it was told of.
"""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from strongroom.vendors.simulated import Reply, Request, Simulator, serve

API_KEY: Final = "simulated-sanctions-key"
TOKEN: Final = "simulated-kyt-token"  # noqa: S105 - known to all
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_REQUIRED: Final = {
    "transfers": {"network": str, "asset": str, "transferReference": str, "direction": str},
    "withdrawal-attempts": {
        "network": str,
        "asset": str,
        "address": str,
        "attemptIdentifier": str,
        "attemptTimestamp": str,
        "assetAmount": (int, Decimal),
    },
}
Json = dict[str, Any]
_DECODER: Final = msgspec.json.Decoder(Json, float_hook=Decimal)
app = App(name="python -m strongroom.vendors.chainalysis.simulator", help="Stand in for Chainalysis, on loopback.")


@dataclass(slots=True, kw_only=True)
class _Assessment:
    """Something registered; ``polls`` how often it was asked for since."""

    kind: str
    body: Json
    external_id: str
    address: str
    polls: int = 0


@dataclass(kw_only=True, eq=False)
class ChainalysisSimulator(Simulator):
    """Chainalysis.

    Args:
        sanctioned: addresses with an identification; compared without regard to case.
        risky: addresses whose assessments have alerts, ``alerts`` each.
        polls: after how many polls an assessment is done; 0 for at once.
        alerts: how many alerts a risky address has.
        api_key: what ``X-API-Key`` must be.
        token: what ``Token`` must be.
    """

    sanctioned: frozenset[str] = frozenset()
    risky: frozenset[str] = frozenset()
    polls: int = 1
    alerts: int = 2
    api_key: str = API_KEY
    token: str = TOKEN
    registrations: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()
        self._sanctioned = {address.lower() for address in self.sanctioned}
        self._risky = {address.lower() for address in self.risky}
        self._assessments: dict[str, _Assessment] = {}

    def answer(self, request: Request) -> Reply:
        """A call to either interface."""
        match request.method, request.segments:
            case "GET", ["api", "v1", "address", address]:
                return self._identify(request, address)
            case _, ["api", "kyt", "v2", *rest]:
                if not _same(request.headers.get("token", ""), self.token):
                    return _error(401, "Unauthorized")
                return self._assess(request, rest)
            case _:
                return _error(404, "Not found")

    def _identify(self, request: Request, address: str) -> Reply:
        if not _same(request.headers.get("x-api-key", ""), self.api_key):
            return _error(403, "Forbidden")
        if address.lower() not in self._sanctioned:
            return Reply(value={"identifications": []})
        identification = {
            "category": "sanctions",
            "name": "SANCTIONS: OFAC SDN Simulated Entity 2026-01-01 " + address,
            "description": "An address that this simulator was told of.",
            "url": "https://example.org/sanctions",
        }
        return Reply(value={"identifications": [identification]})

    def _assess(self, request: Request, rest: list[str]) -> Reply:
        match request.method, rest:
            case "POST", ["users", user_id, ("transfers" | "withdrawal-attempts") as kind] if user_id:
                return self._register(request, user_id, kind)
            case "GET", [("transfers" | "withdrawal-attempts") as kind, external_id, *below] if below in (
                [],
                ["alerts"],
            ):
                found = self._assessments.get(external_id)
                if found is None or found.kind != kind:
                    return _error(404, "Not found")
                return Reply(value=self._alerts(found)) if below else self._poll(found)
            case _:
                return _error(404, "Not found")

    def _register(self, request: Request, user_id: str, kind: str) -> Reply:
        body = _parse(request)
        if body is None or not all(isinstance(body.get(name), of) for name, of in _REQUIRED[kind].items()):
            return _error(400, "Invalid request body")
        if kind == "transfers" and (body["direction"] not in {"sent", "received"} or not _names_output(body)):
            return _error(400, "Invalid transferReference or direction")
        reference = str(body["transferReference"] if kind == "transfers" else body["attemptIdentifier"])
        self.registrations.append(reference)
        digest = sha256(f"{user_id}\n{kind}\n{reference}".encode()).digest()
        external_id = str(UUID(bytes=digest[:16]))
        address = reference.rpartition(":")[2] if kind == "transfers" else str(body["address"])
        made = _Assessment(kind=kind, body=body, external_id=external_id, address=address)
        known = self._assessments.setdefault(external_id, made)
        return Reply(status=202, value=self._show(known))

    def _poll(self, found: _Assessment) -> Reply:
        found.polls += 1
        return Reply(value=self._show(found))

    def _show(self, found: _Assessment) -> Json:
        done = found.polls >= self.polls
        at = (_EPOCH + timedelta(seconds=found.polls)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        amount = found.body.get("assetAmount")
        shown: Json = {
            "updatedAt": at if done else None,
            "asset": found.body["asset"],
            "assetId": None,
            "network": found.body["network"],
            "assetAmount": amount if done else None,
            "usdAmount": amount if done else None,
            "externalId": found.external_id,
        }
        if found.kind == "withdrawal-attempts":
            return shown | {"attemptIdentifier": found.body["attemptIdentifier"], "address": found.address}
        reference = str(found.body["transferReference"])
        return shown | {
            "transferReference": reference,
            "tx": reference.rpartition(":")[0] if done else None,
            "idx": 0 if done else None,
            "timestamp": found.body.get("transferTimestamp"),
            "outputAddress": found.address,
        }

    def _alerts(self, found: _Assessment) -> Json:
        """Of an assessment that is not done there are none yet, as with the company itself."""
        if found.polls < self.polls or found.address.lower() not in self._risky:
            return {"alerts": []}
        levels = ("SEVERE", "HIGH", "MEDIUM", "LOW")
        return {
            "alerts": [
                {
                    "alertLevel": levels[number % len(levels)],
                    "service": "Simulated Service",
                    "externalId": f"{found.external_id}-{number}",
                    "alertAmount": Decimal("1500.25") + number,
                    "exposureType": "DIRECT" if number % 2 == 0 else "INDIRECT",
                    "category": "sanctioned entity",
                    "categoryId": 3,
                }
                for number in range(self.alerts)
            ]
        }


def _names_output(body: Json) -> bool:
    transaction, _, address = str(body["transferReference"]).rpartition(":")
    return bool(transaction and address)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _error(status: int, message: str) -> Reply:
    return Reply(status=status, value={"status": status, "message": message})


def _parse(request: Request) -> Json | None:
    """The JSON object of a body that says it is JSON; None for anything else."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    try:
        return _DECODER.decode(request.body)
    except msgspec.DecodeError:
        return None


@app.default
def main(
    *,
    port: Annotated[int, Parameter(help="Where to listen; 0 for a free port, which is printed.")] = 0,
    sanctioned: Annotated[Path | None, Parameter(help="JSON list of sanctioned addresses.")] = None,
    risky: Annotated[Path | None, Parameter(help="JSON list of addresses with alerts.")] = None,
    polls: Annotated[int, Parameter(help="After how many polls an assessment is done.")] = 1,
) -> None:
    """Serve until it is told to end."""
    serve(ChainalysisSimulator(sanctioned=_addresses(sanctioned), risky=_addresses(risky), polls=polls), port=port)


def _addresses(file: Path | None) -> frozenset[str]:
    return msgspec.json.decode(file.read_bytes(), type=frozenset[str]) if file else frozenset()


if __name__ == "__main__":
    app()
