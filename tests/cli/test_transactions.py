"""``strongroom tx``."""

import json
import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from strongroom.kernel.errors import Code
from tests.cli.conftest import Run, interruptible, plain, write_ready_file
from tests.cli.gateway import TRANSACTION_ID, Answer, Gateway, Json, step, transaction
from tests.fixtures.tenant import FRIEND

CREATE = "POST /transactions"
GET = f"GET /transactions/{TRANSACTION_ID}"
STEPS = f"GET /transactions/{TRANSACTION_ID}/steps"
DONE = [
    step("1", "user", "gateway", "create_transaction"),
    step("5b", "transaction_manager", "screening", "screen", detail="152 addresses consulted"),
]


def so_far(status: str, *steps: Json) -> Json:
    return {"id": TRANSACTION_ID, "status": status, "reason": "", "steps": steps}


def test_a_transfer_is_asked_for_as_the_options_say(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    ran = strongroom(*f"tx create --to {FRIEND} --amount 0.25 --external-id invoice-17 --note rent".split())
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [["id", gateway.made], ["status", "SUBMITTED"], ["external", "id", "invoice-17"]]
    assert gateway.asked[-1].body == {
        "operation": "TRANSFER",
        "assetId": "ETH_TEST",
        "source": {"type": "VAULT_ACCOUNT", "id": "0"},
        "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": FRIEND}},
        "amount": "0.25",
        "feeLevel": "MEDIUM",
        "externalTxId": "invoice-17",
        "note": "rent",
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--to-vault 7", {"destination": {"type": "VAULT_ACCOUNT", "id": "7"}}),
        ("--to-wallet landlord", {"destination": {"type": "EXTERNAL_WALLET", "id": "landlord"}}),
        ("--to x --from 3 --asset ETH", {"source": {"type": "VAULT_ACCOUNT", "id": "3"}, "assetId": "ETH"}),
        ("--to x --fee HIGH --max-fee 0.001", {"feeLevel": "HIGH", "maxTotalFee": "0.001"}),
    ],
)
def test_every_option_reaches_the_request(
    strongroom: Run, gateway: Gateway, options: str, expected: dict[str, object]
) -> None:
    gateway.creates()
    assert strongroom("tx", "create", "--amount", "1", *options.split(), "--json").data == {
        "id": gateway.made,
        "status": "SUBMITTED",
    }
    assert expected.items() <= gateway.asked[-1].body.items()


def test_without_an_external_id_each_payment_gets_one_of_its_own(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    shown = [strongroom("tx", "create", "--amount", "1", "--to", FRIEND).lines[2][2] for _ in range(2)]
    sent = [asked.body["externalTxId"] for asked in gateway.asked if asked.method == "POST"]
    assert shown == sent
    assert len(set(sent)) == 2


def test_the_same_payment_sent_again_is_the_earlier_one(strongroom: Run, gateway: Gateway) -> None:
    """Another API user's JWT over the same body would do as well; nothing else does."""
    gateway.creates()
    command = ("tx", "create", "--amount", "1", "--to", FRIEND, "--external-id", "invoice-17")
    strongroom(*command)
    first, earlier = gateway.made, gateway.asked[-1].token
    gateway.made = ""
    gateway.say(CREATE, {"id": first, "status": "COMPLETED"})
    gateway.say(f"GET /strongroom/transactions/{first}", {"id": first, "token": earlier})
    ran = strongroom(*command)
    assert (ran.code, ran.lines[:2]) == (0, [["id", first], ["status", "COMPLETED"]])
    assert ran.err == "invoice-17 was sent before: this is the transaction that it became.\n"


@pytest.mark.parametrize("token", ["", "a.b.c", "own"])
@pytest.mark.parametrize("more", [("--external-id", "invoice-17"), ()])
def test_an_answer_about_another_payment_is_refused(
    strongroom: Run, gateway: Gateway, token: str, more: tuple[str, ...]
) -> None:
    gateway.creates()
    strongroom("tx", "create", "--amount", "2", "--to", FRIEND, *more)
    other, shown = gateway.made, gateway.asked[-1].token if token == "own" else token
    gateway.made = ""
    gateway.say(CREATE, {"id": other, "status": "CANCELLED"})
    gateway.say(f"GET /strongroom/transactions/{other}", {"id": other, "token": shown})
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND, *more)
    assert ran.is_refused(1, "INTENT_MISMATCH", "do not pay again")
    assert ran.out == ""


def test_an_answer_about_a_payment_that_is_not_shown_is_refused(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.say(CREATE, {"id": TRANSACTION_ID, "status": "SUBMITTED"})
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND)
    assert ran.is_refused(1, "INTENT_MISMATCH")


def test_a_payment_is_asked_for_under_the_owners_document_set(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    command = ("tx", "create", "--amount", "1", "--to", FRIEND, "--document-set")
    assert strongroom(*command, "00" * 32).is_refused(1, "DOCUMENT_VERSION_INVALID")
    assert not [asked for asked in gateway.asked if asked.method == "POST"]
    assert strongroom(*command, gateway.tenant.document_set.hash().hex()).code == 0


def test_a_payment_of_unknown_fate_can_be_repeated_without_paying_twice(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.refuse(CREATE, Code.DEADLINE_EXCEEDED, "too slow")
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND)
    assert ran.code == 3
    assert f"--external-id {gateway.asked[-1].body['externalTxId']}" in ran.err.splitlines()[0]


def test_a_blocked_payment_is_no_success(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.refuse(CREATE, Code.AMOUNT_TOO_PRECISE, "The asset has 18 decimals.")
    ran = strongroom("tx", "create", "--amount", "0.1234567890123456789", "--to", FRIEND)
    assert ran.is_refused(1, "AMOUNT_TOO_PRECISE", "18 decimals")


def test_a_ready_file_without_defaults_asks_for_them(strongroom: Run, gateway: Gateway, folder: Path) -> None:
    write_ready_file(folder / "bare.json", gateway.url, vault_account_id=None, asset_id=None)
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND, "--ready-file", "bare.json")
    assert ran.is_refused(2, "--asset is missing")


def test_waiting_shows_every_step_once_and_ends_with_the_receipt(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.say(GET, transaction())
    gateway.say(STEPS, so_far("SUBMITTED"), so_far("CONFIRMING", *DONE[:1]), so_far("COMPLETED", *DONE))
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND, "--wait")
    assert ran.code == 0
    assert [line.split() for line in ran.err.splitlines()] == [
        ["transaction", gateway.made],
        ["SUBMITTED"],
        ["1", "user", "->", "gateway", "create_transaction", "OK", "1.2", "ms"],
        ["CONFIRMING"],
        ["5b", "transaction_manager", "->", "screening", "screen", "OK", "1.2", "ms", "152", "addresses", "consulted"],
        ["COMPLETED"],
    ]
    assert ["hash", "0x" + "ab" * 32] in ran.lines


def test_waiting_for_one_that_fails_is_refused_with_its_reason(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.say(GET, transaction(status="BLOCKED", subStatus="BLOCKED_BY_POLICY", errorDescription="Rule large."))
    gateway.say(STEPS, so_far("BLOCKED"))
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND, "--wait", "--json")
    assert ran.code == 1
    assert ran.data["status"] == "BLOCKED"
    assert ran.err.splitlines()[-2:] == [
        "BLOCKED: Rule large.",
        f"-> `strongroom tx get {TRANSACTION_ID} --steps` shows where it ended.",
    ]


def test_waiting_has_an_end(strongroom: Run, gateway: Gateway) -> None:
    gateway.creates()
    gateway.say(STEPS, so_far("PENDING_SIGNATURE"))
    ran = strongroom("tx", "create", "--amount", "1", "--to", FRIEND, "--wait", "--timeout", "0.1")
    assert (ran.code, ran.out) == (3, "")
    assert "DEADLINE_EXCEEDED: After 0.1 s it is PENDING_SIGNATURE" in ran.err


def test_ctrl_c_while_waiting(gateway: Gateway, folder: Path) -> None:
    gateway.creates()
    gateway.say(STEPS, so_far("PENDING_SIGNATURE"))
    command = interruptible("tx", "create", "--amount", "1", "--to", FRIEND, "--wait")
    process = subprocess.Popen(command, cwd=folder, env=plain(), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline() == f"transaction {gateway.made}\n"
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in rest


def test_one_transaction_in_words(strongroom: Run, gateway: Gateway) -> None:
    gateway.say(GET, transaction())
    assert strongroom("tx", "get", TRANSACTION_ID).out.splitlines() == [
        "id             0b7f8a52-55d1-5b0e-9f0a-0d9f1f0c2a11",
        "status         COMPLETED (CONFIRMED)",
        "amount         0.25 ETH_TEST",
        "from           vault account 0, 0x00000000000000000000000000000000000000A0",
        f"to             {FRIEND}",
        "fee            0.000021 ETH_TEST",
        "hash           0x" + "ab" * 32,
        "block          7 0x" + "cd" * 32,
        "confirmations  2",
        "external id    invoice-17",
        "note           rent",
        "created        2027-01-15 08:00:00Z by 7a1f9a32-6c2b-4c9a-9d7e-0d0f5f4c1b11",
    ]


def test_one_transaction_with_its_steps(strongroom: Run, gateway: Gateway) -> None:
    gateway.say(GET, transaction(status="CONFIRMING"))
    again = step("10", "cosigner_engine", "cosigner_1", "take_part", attempt=1)
    gateway.say(STEPS, so_far("CONFIRMING", *DONE, again))
    ran = strongroom("tx", "get", TRANSACTION_ID, "--steps")
    assert [line.split()[:2] for line in ran.out.splitlines()[-4:]] == [
        ["step", "from"],
        ["1", "user"],
        ["5b", "transaction_manager"],
        ["10", "(attempt"],
    ]
    assert strongroom("tx", "get", TRANSACTION_ID, "--steps", "--json").data["steps"][:2] == DONE


def test_data_keeps_every_digit_and_commands_no_terminal(strongroom: Run, gateway: Gateway) -> None:
    body = b'{"amount": 1.000000000000000001, "fee": 0.000000072602292, "note": "caf\xc3\xa9 \xc2\x9b2J \\u001b"}'
    gateway.say(GET, Answer(body))
    shown = strongroom("tx", "get", TRANSACTION_ID, "--json").out
    assert '"amount": 1.000000000000000001,' in shown
    assert shown.isascii()
    data = json.loads(shown, parse_float=Decimal)
    assert (data["fee"], data["note"]) == (Decimal("0.000000072602292"), "caf\xe9 \x9b2J \x1b")


def test_an_id_is_no_path(strongroom: Run, gateway: Gateway) -> None:
    ran = strongroom("tx", "get", "../vault/accounts/0?x=1")
    assert ran.is_refused(1, "NOT_FOUND")
    assert gateway.asked[-1].target == "/v1/transactions/..%2Fvault%2Faccounts%2F0%3Fx%3D1"


def test_a_list_goes_from_page_to_page(strongroom: Run, gateway: Gateway) -> None:
    found = [transaction(id=f"id-{number}", note="") for number in range(5)]
    gateway.say("GET /transactions?limit=200&status=COMPLETED", Answer(found[:3], headers={"next-page": "a b"}))
    gateway.say("GET /transactions?limit=200&status=COMPLETED&next=a+b", found[3:])
    assert strongroom("tx", "list", "--all", "--status", "COMPLETED", "--json").data == found


def test_a_list_stops_at_its_limit_and_says_so(strongroom: Run, gateway: Gateway) -> None:
    found = [transaction(id=f"id-{number}") for number in range(3)]
    gateway.say("GET /transactions?limit=3", Answer(found, headers={"next-page": "more"}))
    ran = strongroom("tx", "list", "--limit", "2")
    assert [line[0] for line in ran.lines] == ["id", "id-0", "id-1"]
    assert ran.lines[1][1:4] == ["COMPLETED", "(CONFIRMED)", "0.25"]
    assert "more than 2" in ran.err
    assert len(gateway.asked) == 1


def test_an_empty_list(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /transactions?limit=21", [])
    assert strongroom("tx", "list").out == "No transactions.\n"
    assert strongroom("tx", "list", "--json").data == []
