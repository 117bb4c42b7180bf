"""Which Strongroom a command finds, as whom it speaks, and what is said when that fails."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from strongroom.kernel.errors import Code
from tests.cli.conftest import PROGRAM, Run, interruptible, plain, write_ready_file
from tests.cli.gateway import Answer, Gateway
from tests.fixtures.tenant import API_USER

ASSETS = [{"id": "ETH_TEST", "name": "Ether", "type": "BASE_ASSET", "nativeAsset": "ETH_TEST", "decimals": 18}]


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "api.pem"
    path.write_bytes(API_USER.private_key_pem())
    return path


def test_without_a_running_one_it_says_how_to_start_one(strongroom: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert strongroom("assets", cwd=tmp_path / "empty").is_refused(3, "UNAVAILABLE", "strongroom up", "ready.json")


def test_a_ready_file_of_one_that_is_gone(strongroom: Run, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    write_ready_file(folder / "old.json", f"http://127.0.0.1:{port}/v1")
    assert strongroom("assets", "--ready-file", "old.json").is_refused(3, "UNAVAILABLE", str(port), "strongroom up")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"base_url": 1}', "\x00"])
def test_a_ready_file_that_is_none(strongroom: Run, folder: Path, content: str) -> None:
    (folder / "bad.json").write_text(content)
    assert strongroom("assets", "--ready-file", "bad.json").is_refused(2, "bad.json is no ready file")


def test_options_name_another_one(strongroom: Run, gateway: Gateway, key_file: Path) -> None:
    gateway.say("GET /supported_assets", ASSETS)
    options = ("--url", f"{gateway.url}/", "--api-key", API_USER.api_key, "--key-file", str(key_file))
    assert strongroom("assets", "--json", *options, STRONGROOM_READY_FILE="absent.json").data == ASSETS
    assert gateway.asked[-1].headers["x-api-key"] == API_USER.api_key


def test_the_environment_names_another_one(strongroom: Run, gateway: Gateway, tmp_path: Path, key_file: Path) -> None:
    gateway.say("GET /supported_assets", ASSETS)
    (tmp_path / "elsewhere").mkdir()
    named = {"STRONGROOM_URL": gateway.url, "STRONGROOM_API_KEY": API_USER.api_key}
    ran = strongroom("assets", cwd=tmp_path / "elsewhere", STRONGROOM_KEY_FILE=str(key_file), **named)
    assert ran.lines[1] == ["ETH_TEST", "Ether", "BASE_ASSET", "18"]


def test_the_environment_names_a_ready_file(strongroom: Run, gateway: Gateway, folder: Path, tmp_path: Path) -> None:
    gateway.say("GET /supported_assets", ASSETS)
    (tmp_path / "elsewhere").mkdir()
    kept = str(folder / ".strongroom" / "ready.json")
    assert strongroom("assets", "--json", cwd=tmp_path / "elsewhere", STRONGROOM_READY_FILE=kept).data == ASSETS


def test_an_option_goes_before_the_environment(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /supported_assets", ASSETS)
    ran = strongroom("assets", "--ready-file", ".strongroom/ready.json", STRONGROOM_URL="http://127.0.0.1:1/v1")
    assert ran.code == 0


def test_a_key_that_is_none(strongroom: Run, gateway: Gateway, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "ed.pem").write_bytes(key)
    ran = strongroom("assets", "--url", gateway.url, "--api-key", "a", "--key-file", "ed.pem")
    assert ran.is_refused(2, "CONFIG_INVALID", "RSA")
    assert "PRIVATE KEY" not in ran.err


@pytest.mark.parametrize(
    ("code", "exit_code"), [(Code.FORBIDDEN, 1), (Code.SCREENING_UNAVAILABLE, 3), (Code.DEADLINE_EXCEEDED, 3)]
)
def test_a_refusal_says_code_case_and_remedy(strongroom: Run, gateway: Gateway, code: Code, exit_code: int) -> None:
    gateway.refuse("GET /supported_assets", code, "not with this one")
    assert strongroom("assets").is_refused(exit_code, f"{code.name}: not with this one\n-> {code.meaning.remedy}\n")


@pytest.mark.parametrize("body", [b"<html>", b'{"items"'])
def test_an_answer_that_is_not_json(strongroom: Run, gateway: Gateway, body: bytes) -> None:
    gateway.say("GET /supported_assets", Answer(body))
    assert strongroom("assets").is_refused(3, "UNAVAILABLE", "not JSON")


def test_an_answer_of_another_shape_shows_no_traceback(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /supported_assets", [{"unexpected": 1}])
    assert strongroom("assets").is_refused(1, "INTERNAL", "STRONGROOM_TRACEBACK")
    assert "Traceback" in strongroom("assets", STRONGROOM_TRACEBACK="1").err


def test_what_strangers_wrote_cannot_command_the_terminal(strongroom: Run, gateway: Gateway) -> None:
    gateway.say("GET /supported_assets", [{**ASSETS[0], "name": "\x1b[2Jgone[bold]"}])
    assert strongroom("assets").out.count("\ufffd[2Jgone[bold]") == 1
    gateway.refuse("GET /supported_assets", Code.FORBIDDEN, "\x1b[2Jgone")
    assert strongroom("assets").is_refused(1, "\ufffd[2Jgone")


def test_ctrl_c_ends_quietly(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_ready_file(folder / "silent.json", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        command = interruptible("assets", "--ready-file", "silent.json")
        process = subprocess.Popen(command, cwd=folder, env=plain(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        silent.settimeout(20)
        connection, _ = silent.accept()
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
        connection.close()
    assert (process.returncode, output) == (130, b"")


def test_a_reader_that_goes_away_ends_it_quietly(gateway: Gateway, folder: Path) -> None:
    gateway.say("GET /supported_assets", ASSETS)
    process = subprocess.Popen(
        [PROGRAM, "assets"], cwd=folder, env=plain(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=20), errors) == (141, b"")
