"""``strongroom tx approve | reject | why | pending``: what is signed was decoded, judged and hashed on this machine."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from strongroom.cli.approval_view import as_data, facts, list_row, rule_rows, verdict_facts
from strongroom.cli.ask import Yes, confirm
from strongroom.cli.connection import Connection, read_file
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.output import AsJson, show_facts, show_json, show_table
from strongroom.cli.trust import Trust
from strongroom.client import ApproverKey, Code, Review, Strongroom, StrongroomError
from strongroom.client.ports import SystemPorts

Id = Annotated[str, Parameter(help="Its id.")]
User = Annotated[str, Parameter(name="--user", help="Your id in the roster.")]
DeviceKey = Annotated[Path, Parameter(name="--device-key", help="Your device key: `strongroom approver-key make`.")]


def approve(
    transaction_id: Id,
    /,
    *,
    user: User,
    device_key: DeviceKey,
    hours: Annotated[
        float | None,
        Parameter(help="How long it shall count; as long as the request lives if absent.", validator=Number(gt=0)),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Approve a transaction with the key of your device.

    The intent's bytes are decoded, checked against the signed asset list and
    hashed here; you see exactly what you sign.

    For example:
        strongroom tx approve ID --user anna --device-key anna.key
    """
    key = _key(user, device_key)
    with (connection or Connection()).target().client() as client:
        review = _review(client, transaction_id, trust, is_shown=not as_json)
        review.check_asset()
        review.check_answerable(key, now_s=SystemPorts().now_s())
        _ask(f"Approve this as {user}?", yes=yes, as_json=as_json)
        expires_at = None if hours is None else SystemPorts().now_s() + round(hours * 3600)
        state = client.approve(review, key, expires_at=expires_at)
    _say(review, state, as_json=as_json)


def reject(
    transaction_id: Id,
    /,
    *,
    user: User,
    device_key: DeviceKey,
    yes: Yes = False,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Reject a transaction with the key of your device; one rejection ends it.

    For example:
        strongroom tx reject ID --user anna --device-key anna.key
    """
    key = _key(user, device_key)
    with (connection or Connection()).target().client() as client:
        review = _review(client, transaction_id, trust, is_shown=not as_json)
        review.check_answerable(key, now_s=SystemPorts().now_s())
        _ask(f"Reject this as {user}? That ends it.", yes=yes, as_json=as_json)
        state = client.reject(review, key)
    _say(review, state, as_json=as_json)


def why(
    transaction_id: Id,
    /,
    *,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Show why a transaction may, may not or must wait: every rule, every criterion.

    The policy is evaluated here again; where that says something else than the
    signed decision, nothing is shown but the alarm.

    For example:
        strongroom tx why ID
    """
    with (connection or Connection()).target().client() as client:
        review = _review(client, transaction_id, trust, is_shown=False)
    if as_json:
        show_json(as_data(review))
        return
    show_facts(verdict_facts(review))
    print()
    columns = ("rule", "criterion", "wanted", "observed", "matched")
    show_table(columns, rule_rows(review), empty="The policy has no rule: everything is blocked.")


def pending(*, as_json: AsJson = False, trust: Trust | None = None, connection: Connection | None = None) -> None:
    """List transactions that wait for approvals, oldest first.

    For example:
        strongroom tx pending
    """
    with (connection or Connection()).target().client() as client:
        found = list(client.list_approvals(documents=(trust or Trust()).documents(client)))
    if as_json:
        show_json([as_data(review) for review in found])
        return
    columns = ("id", "amount", "asset", "to", "rule", "agreed", "until")
    show_table(columns, map(list_row, found), empty="Nothing waits for approvals.")


def _review(client: Strongroom, transaction_id: str, trust: Trust | None, *, is_shown: bool) -> Review:
    documents = (trust or Trust()).documents(client)
    try:
        review = client.get_approval(transaction_id, documents=documents)
    except StrongroomError as error:
        if error.code is not Code.TRANSACTION_UNKNOWN:
            raise
        status = client.get_detail(transaction_id)["status"]
        raise StrongroomError(Code.STATUS_CONFLICT, f"It is {status}: the policy has not been asked.") from None
    if is_shown:
        show_facts(facts(review))
    return review


def _key(user: str, path: Path) -> ApproverKey:
    return ApproverKey.from_raw(user, read_file(path))


def _ask(question: str, *, yes: bool, as_json: bool) -> None:
    if as_json and not yes:
        raise WrongUsageError("With --json nothing is shown to be confirmed.", "Give --yes too, or leave --json out.")
    confirm(question, yes=yes)


def _say(review: Review, state: str, *, as_json: bool) -> None:
    identity = str(review.intent.id)
    show_json({"id": identity, "state": state}) if as_json else show_facts({"it is now": state})
