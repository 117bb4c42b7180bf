"""A server in World-Check One's place: it rebuilds the exact string of every request and compares the signature.

A Date that is off by more than a minute, a wrong length, a header left out or added: 401, as with the company. A case
is screened once its audit events were asked for ``polls`` times after the request; before that its results are empty,
as with the company, so that a client which reads them too early takes anybody for clean.
"""

import hmac
import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from strongroom.runtime.clock import Clock, SystemClock
from strongroom.vendors.simulated import Reply, Request, Simulator, serve

KEY: Final = "simulated-world-check-key"
SECRET: Final = "simulated-world-check-secret"  # noqa: S105 - known to all
GROUP: Final = "simulated-group"
_AUTHORIZATION: Final = re.compile(
    r'Signature keyId="([^"]*)",algorithm="hmac-sha256",headers="([^"]*)",signature="([^"]*)"'
)
_SKEW: Final = timedelta(minutes=1)
Json = dict[str, Any]
app = App(name="python -m strongroom.vendors.refinitiv.simulator", help="Stand in for World-Check One, on loopback.")


@dataclass(slots=True, kw_only=True)
class _Case:
    """A saved case; ``polls`` is None until its screening was asked for."""

    body: Json
    system_id: str
    polls: int | None = None


@dataclass(kw_only=True, eq=False)
class WorldCheckSimulator(Simulator):
    """World-Check One, version 2.

    Args:
        listed: names with results; compared without regard to case and to the order of words.
        polls: how often the audit events are asked for until a case is screened.
        results: how many results a listed name has.
        key: names the one API user.
        secret: its secret.
        group: the one group that cases may be saved in.
        clock: time.
    """

    listed: frozenset[str] = frozenset()
    polls: int = 1
    results: int = 2
    key: str = KEY
    secret: str = SECRET
    group: str = GROUP
    clock: Clock = field(default_factory=SystemClock)
    screened: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__init__()
        self._listed = {_words(name) for name in self.listed}
        self._cases: dict[str, _Case] = {}

    def answer(self, request: Request) -> Reply:
        """A signed call."""
        if not self._is_signed(request):
            return Reply(status=401, headers={"authorization": "WWW-Authenticate: Signature"})
        match request.method, request.segments:
            case "POST", ["v2", "cases"]:
                return self._save(request)
            case method, ["v2", "cases", system_id, call]:
                case_ = self._cases.get(system_id)
                return self._below(method, call, case_) if case_ else _error(404, "NOT_FOUND")
            case _:
                return _error(404, "NOT_FOUND")

    def _below(self, method: str, call: str, case_: _Case) -> Reply:
        match method, call:
            case "POST", "screeningRequest":
                self.screened.append(case_.system_id)
                case_.polls = 0
                return Reply(status=201, value={})
            case "POST", "auditEvents":
                return self._events(case_)
            case "GET", "results":
                return Reply(value=self._results(case_))
            case _:
                return _error(404, "NOT_FOUND")

    def _is_signed(self, request: Request) -> bool:
        parsed = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if parsed is None or not hmac.compare_digest(parsed[1].encode(), self.key.encode()):
            return False
        names = ["(request-target)", "host", "date"]
        if request.body:
            names += ["content-type", "content-length"]
        if parsed[2] != " ".join(names) or not self._is_fresh(request.headers.get("date", "")):
            return False
        if request.body and request.headers.get("content-length") != str(len(request.body)):
            return False
        values = {**request.headers, "(request-target)": f"{request.method.lower()} {request.target}"}
        text = "\n".join(f"{name}: {values.get(name, '')}" for name in names).encode()
        signed = text + (b"\n" + request.body if request.body else b"")
        expected = b64encode(hmac.digest(self.secret.encode(), signed, sha256))
        return hmac.compare_digest(parsed[3].encode(), expected)

    def _is_fresh(self, date: str) -> bool:
        try:
            at = parsedate_to_datetime(date)
        except ValueError:
            return False
        return date.endswith(" GMT") and abs(at - self.clock.now()) <= _SKEW

    def _save(self, request: Request) -> Reply:
        try:
            body = msgspec.json.decode(request.body, type=Json)
        except msgspec.DecodeError:
            return _error(400, "MALFORMED_JSON")
        if not body.get("name") or body.get("groupId") != self.group or body.get("providerTypes") != ["WATCHLIST"]:
            return _error(400, "INVALID_CASE")
        if body.get("entityType") not in {"INDIVIDUAL", "ORGANISATION", "VESSEL"}:
            return _error(400, "INVALID_ENTITY_TYPE")
        case_id = str(body.get("caseId", ""))
        if any(known.body.get("caseId") == case_id for known in self._cases.values()):
            return _error(409, "DUPLICATE_CASE_ID")
        system_id = str(UUID(bytes=sha256(f"{len(self._cases)} {case_id}".encode()).digest()[:16]))
        self._cases[system_id] = _Case(body=body, system_id=system_id)
        return Reply(
            status=201, value={**body, "caseSystemId": system_id, "caseId": case_id, "lifecycleState": "UNARCHIVED"}
        )

    def _events(self, case_: _Case) -> Reply:
        if case_.polls is None:
            return Reply(value={"query": "", "totalResultCount": 0, "results": []})
        case_.polls += 1
        event = {"id": case_.system_id, "actionType": "SCREENED_CASE", "details": {"noOfNewResults": 0}}
        found = [event] if case_.polls >= self.polls else []
        return Reply(value={"query": "", "totalResultCount": len(found), "results": found})

    def _results(self, case_: _Case) -> list[Json]:
        if case_.polls is None or case_.polls < self.polls or _words(str(case_.body["name"])) not in self._listed:
            return []
        strengths = ("EXACT", "STRONG", "MEDIUM", "WEAK")
        return [
            {
                "resultId": f"{case_.system_id}-{number}",
                "referenceId": f"e_tr_wci_{number + 1}",
                "matchStrength": strengths[number % len(strengths)],
                "matchedTerm": case_.body["name"],
                "submittedTerm": case_.body["name"],
                "matchedNameType": "PRIMARY",
                "secondaryFieldResults": [],
                "sources": ["b_trwc_1"],
                "categories": ["PEP", "Law Enforcement"],
                "creationDate": "2026-01-01T00:00:00.000Z",
                "modificationDate": "2026-01-01T00:00:00.000Z",
                "resolution": None,
                "resultReview": {"reviewRequired": True, "reviewRequiredDate": None, "reviewRemark": None},
            }
            for number in range(self.results)
        ]


def _words(name: str) -> frozenset[str]:
    return frozenset(name.casefold().split())


def _error(status: int, code: str) -> Reply:
    return Reply(status=status, value=[{"error": code, "cause": "as the simulator sees it"}])


@app.default
def main(
    *,
    port: Annotated[int, Parameter(help="Where to listen; 0 for a free port, which is printed.")] = 0,
    listed: Annotated[Path | None, Parameter(help="JSON list of names with results.")] = None,
    polls: Annotated[int, Parameter(help="After how many looks at its audit events a case is screened.")] = 1,
) -> None:
    """Serve until it is told to end."""
    names = msgspec.json.decode(listed.read_bytes(), type=frozenset[str]) if listed else frozenset[str]()
    serve(WorldCheckSimulator(listed=names, polls=polls), port=port)


if __name__ == "__main__":
    app()
