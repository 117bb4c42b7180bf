"""``strongroom tx``: create, show, list and cancel transactions; approving them stands in ``approvals``."""

import time
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import App, Group, Parameter
from cyclopts.validators import Number

from strongroom.cli import approvals
from strongroom.cli.connection import Connection, Target
from strongroom.cli.failures import Exit, WrongUsageError, complain
from strongroom.cli.output import AsJson, remark, show_facts, show_json, show_table
from strongroom.cli.transaction_view import closing_data, closing_facts, facts, list_row, step_line, step_row
from strongroom.cli.trust import Trust
from strongroom.client import Code, Created, DocumentSet, Strongroom, StrongroomError
from strongroom.client.ports import SystemPorts

Json = dict[str, Any]
FINAL = frozenset({"COMPLETED", "FAILED", "REJECTED", "BLOCKED", "CANCELLED"})
CLOSED = FINAL - {"COMPLETED"} | {"CANCELLING"}
"""Where the question is whether it may still land."""
PAGE_SIZE = 200
_POLL_S = 0.2

app = App(name="tx", help="Create, show, approve and cancel transactions.", help_format="plaintext")
for _command in (approvals.approve, approvals.reject, approvals.why, approvals.pending):
    app.command(_command)


@Parameter(name="*", group=Group("Destination, one of", sort_key=1))
@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to: exactly one of them."""

    to: Annotated[str | None, Parameter(help="An address.")] = None
    to_vault: Annotated[str | None, Parameter(help="A vault account of the tenant.")] = None
    to_wallet: Annotated[str | None, Parameter(help="The id of an address in the signed list.")] = None

    def peer(self) -> Json:
        """As the request says it."""
        match self:
            case Destination(to=str() as address, to_vault=None, to_wallet=None):
                return {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": address}}
            case Destination(to=None, to_vault=str() as account, to_wallet=None):
                return {"type": "VAULT_ACCOUNT", "id": account}
            case Destination(to=None, to_vault=None, to_wallet=str() as wallet):
                return {"type": "EXTERNAL_WALLET", "id": wallet}
            case _:
                raise WrongUsageError("Where to?", "Give one of --to, --to-vault and --to-wallet.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What to send, and how."""

    amount: Annotated[str, Parameter(help="How much arrives, decimal: 0.25. The fee comes on top.")]
    asset: Annotated[str | None, Parameter(help="Asset id; that of the ready file if absent.")] = None
    source: Annotated[
        str | None, Parameter(name="--from", help="The vault account that pays; that of the ready file if absent.")
    ] = None
    external_id: Annotated[
        str | None, Parameter(help="Your own id for this payment: sent twice, it is paid once. Made up if absent.")
    ] = None
    note: Annotated[str, Parameter(help="A text to keep with it.")] = ""
    fee: Annotated[
        Literal["LOW", "MEDIUM", "HIGH"], Parameter(help="How fast it shall be included.", show_default=True)
    ] = "MEDIUM"
    max_fee: Annotated[str | None, Parameter(help="The most it may cost, in the chain's native coin: 0.001.")] = None

    def body(self, target: Target, *, destination: Json) -> Json:
        """The request."""
        return {
            "operation": "TRANSFER",
            "assetId": _or_default(self.asset, target.asset_id, "--asset"),
            "source": {"type": "VAULT_ACCOUNT", "id": _or_default(self.source, target.vault_account_id, "--from")},
            "destination": destination,
            "amount": self.amount,
            "feeLevel": self.fee,
            "externalTxId": self.external_id or f"cli-{SystemPorts().nonce()}",
            **({"maxTotalFee": self.max_fee} if self.max_fee else {}),
            **({"note": self.note} if self.note else {}),
        }


@app.command
def create(
    *,
    destination: Destination | None = None,
    payment: Payment,
    wait: Annotated[bool, Parameter(help="Show its steps until it has ended.")] = False,
    timeout_s: Annotated[
        float, Parameter(name="--timeout", help="Seconds to --wait at most.", show_default=True, validator=Number(gt=0))
    ] = 300,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> int:
    """Send an amount from a vault account.

    The transaction's id is computed here: an answer about another payment is
    refused. With --wait the exit code is 0 only if it is COMPLETED, and 3 if it has
    not ended in time; it goes on nevertheless.

    For example:
        strongroom tx create --to ADDRESS --amount 0.25 --wait

        strongroom tx create --to-vault 1 --amount 1 --external-id invoice-17
    """
    peer = (destination or Destination()).peer()
    target = (connection or Connection()).target()
    body = payment.body(target, destination=peer)
    with target.client() as client:
        document_set = (trust or Trust()).document_set_of(client)
        created = _create(client, body, document_set=document_set)
        if wait:
            return _conclude(_follow(client, created.id, timeout_s=timeout_s), as_json=as_json)
    shown = {"id": created.id, "status": created.status}
    show_json(shown) if as_json else show_facts({**shown, "external id": body["externalTxId"]})
    return Exit.OK


@app.command
def get(
    transaction_id: Annotated[str, Parameter(help="Its id.")],
    /,
    *,
    steps: Annotated[bool, Parameter(help="Its steps too: arrow, operation, outcome, milliseconds.")] = False,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Show one transaction.

    Of one that is closed or closing it says whether paying again is safe:
    co-signer 3's tombstone is verified here.

    For example:
        strongroom tx get 0b7f8a52-55d1-5b0e-9f0a-0d9f1f0c2a11 --steps
    """
    with (connection or Connection()).target().client() as client:
        path = _path(transaction_id)
        transaction = client.request("GET", path)
        done = client.request("GET", f"{path}/steps") if steps else {}
        closing = None
        if transaction.get("status") in CLOSED:
            closing = client.get_closing(transaction_id, documents=(trust or Trust()).documents(client))
    if as_json:
        more = {"closing": closing_data(closing)} if closing else {}
        show_json({**transaction, **more, **({"steps": done["steps"]} if steps else {})})
        return
    show_facts({**facts(transaction), **(closing_facts(closing) if closing else {})})
    if steps:
        print()
        columns = ("step", "from", "to", "operation", "outcome", "ms", "detail")
        show_table(columns, map(step_row, done["steps"]), empty="No step is done yet.")


@app.command
def cancel(
    transaction_id: Annotated[str, Parameter(help="Its id.")],
    /,
    *,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """Cancel a transaction that is not signed yet.

    It is CANCELLING until co-signer 3 has signed that it never will be. Pay
    again only when `strongroom tx get` says that it is safe.

    For example:
        strongroom tx cancel 0b7f8a52-55d1-5b0e-9f0a-0d9f1f0c2a11
    """
    with (connection or Connection()).target().client() as client:
        client.cancel(transaction_id)
        status = client.request("GET", _path(transaction_id))["status"]
    show_json({"id": transaction_id, "status": status}) if as_json else show_facts(
        {"id": transaction_id, "status": status}
    )


@app.command(name="list")
def list_(
    *,
    status: Annotated[str | None, Parameter(help="Only this status, such as COMPLETED.")] = None,
    limit: Annotated[int, Parameter(help="How many, newest first.", show_default=True, validator=Number(gte=1))] = 20,
    all_: Annotated[bool, Parameter(name="--all", help="Every one, page after page.")] = False,
    as_json: AsJson = False,
    connection: Connection | None = None,
) -> None:
    """List transactions, newest first.

    For example:
        strongroom tx list

        strongroom tx list --status COMPLETED --all --json
    """
    wanted = None if all_ else limit
    query = {"limit": str(PAGE_SIZE if all_ else min(limit + 1, PAGE_SIZE)), **({"status": status} if status else {})}
    with (connection or Connection()).target().client() as client:
        found = list(islice(client.pages("/transactions", items="items", query=query), wanted and wanted + 1))
    shown = found[:wanted]
    if as_json:
        show_json(shown)
    else:
        columns = ("id", "status", "amount", "asset", "from", "to", "created")
        show_table(columns, map(list_row, shown), empty="No transactions.")
    if len(found) > len(shown):
        remark(f"There are more than {limit}: --limit N or --all shows them.")


def _or_default(given: str | None, default: str, option: str) -> str:
    if not (given or default):
        raise WrongUsageError(f"{option} is missing.", "Only a ready file has a default for it.")
    return given or default


def _create(client: Strongroom, body: Json, *, document_set: DocumentSet) -> Created:
    """Send the request; when it is open whether it arrived, say how to repeat it without paying twice."""
    try:
        created = client.create_transaction(body, document_set=document_set)
    except StrongroomError as error:
        if error.retryable:
            remark(
                f"It is open whether this was accepted. Repeat it with --external-id {body['externalTxId']}: paid once."
            )
        raise
    if created.is_earlier:
        remark(f"{body['externalTxId']} was sent before: this is the transaction that it became.")
    return created


def _follow(client: Strongroom, transaction_id: str, *, timeout_s: float) -> Json:
    """The transaction once it has ended; its steps are shown as they are done."""
    remark(f"transaction {transaction_id}")
    path, shown, status, deadline_s = _path(transaction_id), 0, "", time.monotonic() + timeout_s
    while True:
        seen = client.request("GET", f"{path}/steps")
        for step in seen["steps"][shown:]:
            remark("  " + step_line(step))
        if seen["status"] != status:
            status = seen["status"]
            remark(f"  {status}")
        if status in FINAL:
            return client.request("GET", path)
        if time.monotonic() >= deadline_s:
            raise StrongroomError(
                Code.DEADLINE_EXCEEDED, f"After {timeout_s:g} s it is {status}; it goes on: tx get {transaction_id}."
            )
        shown = len(seen["steps"])
        time.sleep(_POLL_S)


def _conclude(transaction: Json, *, as_json: bool) -> int:
    show_json(transaction) if as_json else show_facts(facts(transaction))
    if transaction["status"] == "COMPLETED":
        return Exit.OK
    reason = transaction.get("errorDescription") or transaction.get("subStatus") or "No reason was given."
    complain(transaction["status"], reason, f"`strongroom tx get {transaction['id']} --steps` shows where it ended.")
    return Exit.REFUSED


def _path(transaction_id: str) -> str:
    return f"/transactions/{quote(transaction_id, safe='')}"
