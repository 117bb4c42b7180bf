"""``strongroom screening``, ``assets`` and ``cosigners``."""

import base64
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, write_ready_file
from tests.cli.gateway import OPERATOR_TOKEN, Gateway

LISTED = json.dumps(["0x00000000000000000000000000000000DeaDBeef"])
IMPORT = "POST /strongroom/screening/lists"


@pytest.mark.parametrize(("options", "name"), [((), "sanctioned.ETH"), (("--name", "mine"), "mine")])
def test_a_list_is_imported_by_the_operator(
    strongroom: Run, gateway: Gateway, folder: Path, options: tuple[str, ...], name: str
) -> None:
    (folder / "sanctioned.ETH.json").write_text(LISTED)
    gateway.say(IMPORT, {"name": name, "addresses": 1})
    assert strongroom("screening", "import", "sanctioned.ETH.json", *options).out.startswith(f"{name}: 1 address")
    asked = gateway.asked[-1]
    assert asked.body == {"name": name, "content": base64.b64encode(LISTED.encode()).decode()}
    assert asked.headers["x-operator-token"] == OPERATOR_TOKEN
    assert "authorization" not in asked.headers


@pytest.mark.parametrize("content", ["", "{}", '{"a": 1}', "[1]", "[\x00", "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_list_is_not_sent(strongroom: Run, gateway: Gateway, folder: Path, content: str | bytes) -> None:
    (folder / "bad.json").write_bytes(content.encode() if isinstance(content, str) else content)
    assert strongroom("screening", "import", "bad.json").is_refused(2, "not a JSON array")
    assert gateway.asked == []


def test_without_the_operators_token_nothing_is_imported(strongroom: Run, gateway: Gateway, folder: Path) -> None:
    (folder / "list.json").write_text(LISTED)
    write_ready_file(folder / "tenant.json", gateway.url, operator_token=None)
    command = ("screening", "import", "list.json", "--ready-file", "tenant.json")
    assert strongroom(*command).is_refused(2, "operator's token", "STRONGROOM_OPERATOR_TOKEN")
    gateway.say(IMPORT, {"name": "list", "addresses": 1})
    assert strongroom(*command, "--json", STRONGROOM_OPERATOR_TOKEN=OPERATOR_TOKEN).data == {
        "name": "list",
        "addresses": 1,
    }
    assert strongroom(*command, STRONGROOM_OPERATOR_TOKEN="f" * 16).is_refused(1, "OPERATOR_TOKEN_INVALID")


def test_the_operator_needs_no_api_user(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /strongroom/screening/lists", {"lists": [{"name": "a", "addresses": 2}], "paging": {}})
    named = {"STRONGROOM_URL": gateway.url, "STRONGROOM_OPERATOR_TOKEN": OPERATOR_TOKEN}
    assert strongroom("screening", "list", **named).lines == [["name", "addresses", "imported"], ["a", "2"]]
    assert strongroom("assets", **named).is_refused(2, "API user")


def test_lists_go_from_page_to_page(strongroom: Run, gateway: Gateway) -> None:
    first, second = ({"name": name, "addresses": 1, "importedAt": 1_800_000_000_000} for name in "ab")
    gateway.say("GET /strongroom/screening/lists", {"lists": [first], "paging": {"after": "a"}})
    gateway.say("GET /strongroom/screening/lists?after=a", {"lists": [second], "paging": {}})
    assert strongroom("screening", "list", "--json").data == [first, second]
    assert strongroom("screening", "list").lines[2] == ["b", "1", "2027-01-15", "08:00:00Z"]


def test_no_list_means_that_nothing_moves(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /strongroom/screening/lists", {"lists": [], "paging": {}})
    assert "no transaction moves" in strongroom("screening", "list").out


def test_cosigners_and_who_is_connected(strongroom: Run, gateway: Gateway) -> None:
    found = [
        {"index": 1, "connected": True, "seenAt": 1_800_000_000_000},
        {"index": 3, "connected": False, "seenAt": 0},
    ]
    gateway.say("GET /strongroom/cosigners", {"cosigners": found})
    assert strongroom("cosigners").lines[1:] == [["1", "yes", "2027-01-15", "08:00:00Z"], ["3", "no", "never"]]
    assert strongroom("cosigners", "--json").data == found


def test_parties_are_imported_and_listed_by_the_operator(strongroom: Run, gateway: Gateway, folder: Path) -> None:
    (folder / "parties.json").write_text("{}")
    gateway.say("POST /strongroom/screening/parties", {"tenantId": "acme", "originators": 1, "destinations": 2})
    said = strongroom("screening", "parties", "import", "parties.json")
    assert said.out == "acme: 1 originators, 2 destinations, used from now on.\n"
    asked = gateway.asked[-1]
    assert asked.body == {"content": base64.b64encode(b"{}").decode()}
    assert asked.headers["x-operator-token"] == OPERATOR_TOKEN
    party = {"tenantId": "acme", "kind": "ORIGINATOR", "place": "0", "jurisdiction": "DE", "standing": "VERIFIED"}
    gateway.say("GET /strongroom/screening/parties", {"parties": [party | {"importedAt": 0}], "paging": {}})
    assert strongroom("screening", "parties", "list").lines[1][:5] == ["acme", "ORIGINATOR", "0", "DE", "VERIFIED"]
    assert gateway.asked[-1].headers["x-operator-token"] == OPERATOR_TOKEN


def test_an_absent_file_of_parties_is_not_sent(strongroom: Run, gateway: Gateway) -> None:
    assert strongroom("screening", "parties", "import", "absent.json").is_refused(2, "absent.json")
    assert gateway.asked == []
