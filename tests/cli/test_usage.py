"""Help, versions, and what is said to a command line that cannot be carried out."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.cli.main import run
from tests.cli.conftest import Ran, Run

PARTS = ("owners", "roster", "policy", "addresses", "assets", "requests")
TRAVEL_RULE = ("travel-rule", "travel-rule ivms101")
GROUPS = (
    "",
    *PARTS,
    *TRAVEL_RULE,
    "approver-key",
    "owner-key",
    "tx",
    "vault",
    "screening",
    "screening parties",
    "verify",
)
COMMANDS = (
    "up", "demo", "assets", "cosigners", "tx create", "tx get", "tx list", "tx approve", "tx reject",
    "tx why", "tx pending", "tx cancel", "vault create", "vault list", "vault get",
    "vault activate", "vault addresses", "vault balance", "vault keys", "screening import", "screening list",
    "screening parties import", "screening parties list",
    "travel-rule ivms101 validate", "travel-rule ivms101 convert", "travel-rule explain",
    "travel-rule demo", "travel-rule backup", "travel-rule restore", "travel-rule sizes", "travel-rule retention",
    "travel-rule re-encrypt",
    "verify custody", "approver-key make", "approver-key show", "owner-key make", "owner-key show",
    *(f"{part} {verb}" for part in PARTS for verb in ("propose", "sign", "publish", "show")),
)  # fmt: skip
Inside = Callable[[str], Ran]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    """Run a command line in this process, where nothing runs: what it says comes before any connection."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def ran(line: str) -> Ran:
        code = run(line.split())
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(inside: Inside, command: str) -> None:
    ran = inside(f"{command} --help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: strongroom {command}" in ran.out
    assert f"For example:\n    strongroom {command}" in ran.out


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_lists_its_commands(inside: Inside, group: str) -> None:
    ran = inside(f"{group} --help")
    assert ran.code == 0
    below = [command.removeprefix(group).split()[0] for command in COMMANDS if command.startswith(f"{group} ".lstrip())]
    assert all(f"│ {name} " in ran.out for name in below)


def test_the_version_is_that_of_the_package(strongroom: Run) -> None:
    assert strongroom("--version").out == "strongroom 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("fly", "Unknown command"),
        ("tx fly", "Unknown command"),
        ("tx create", "--amount"),
        ("tx create --amount 1", "Where to?"),
        ("tx create --amount 1 --to a --to-vault 1", "Where to?"),
        ("tx create --amount 1 --to a --fee FAST", "MEDIUM"),
        ("tx create --amount 1 --to a --timeout 0", "--timeout"),
        ("tx get", "requires an argument"),
        ("tx get a b", "b"),
        ("tx approve", "requires an argument"),
        ("tx approve a --device-key b", "--user"),
        ("tx reject a --user anna", "--device-key"),
        ("tx approve a --user anna --device-key absent.key", "absent.key"),
        ("tx approve a --user anna --device-key b --hours 0", "--hours"),
        ("tx list --limit 0", "--limit"),
        ("tx list --limit ten", "--limit"),
        ("tx list --nonsense", "--nonsense"),
        ("up --port 65536", "--port"),
        ("verify custody --rpc-url 1=http://127.0.0.1:1", "--database-url"),
        ("verify custody --database-url postgresql://127.0.0.1:1 --rpc-url here", "NUMBER=VALUE"),
        ("screening import absent.json", "absent.json"),
        ("tx list --url ftp://127.0.0.1 --api-key a --key-file b", "b"),
        ("tx list --url http://127.0.0.1:1", "--api-key and --key-file"),
        ("tx list --api-key a", "--url and --key-file"),
        ("tx list --ready-file .", "."),
    ],
)
def test_wrong_usage_is_said_in_two_lines(inside: Inside, arguments: str, words: str) -> None:
    assert inside(arguments).is_refused(2, "Wrong usage: ", words)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (None, "cannot be read as TOML"),
        ("backend_port = 1", "no table `enclave`"),
        (
            '[enclave]\nurl = "http://127.0.0.1:1"\ntoken = "guess-me"\nbackend_token = "guess-me"',
            "at least 16 characters",
        ),
        ('[enclave]\nurl = "http://127.0.0.1:1"\ntokens = "x"', "tokens"),
    ],
)
def test_settings_of_the_enclave_are_refused_before_anything_starts(
    inside: Inside, tmp_path: Path, settings: str | None, words: str
) -> None:
    if settings is not None:
        (tmp_path / "enclave.toml").write_text(settings)
    ran = inside("up --data data --travel-rule enclave.toml")
    assert ran.is_refused(2, "CONFIG_INVALID", words)
    assert "guess-me" not in ran.err
    assert not (tmp_path / "data").exists()


def test_the_program_ends_with_that_exit_code(strongroom: Run) -> None:
    assert strongroom("tx", "fly").is_refused(2, "Unknown command")


def test_a_data_folder_that_is_none(strongroom: Run) -> None:
    ran = strongroom("up", "--data", "/dev/null")
    assert ran.code == 2
    assert ran.err.splitlines() == ["Wrong usage: /dev/null: File exists.", "-> Check its name and whose it is."]


def test_help_waits_neither_for_the_client_nor_for_the_platform() -> None:
    loaded = _modules_after("run(['--help'])")
    assert "strongroom.cli.main" in loaded
    assert not {"strongroom.client", "strongroom.apps", "httpx", "cryptography"} & loaded


def test_commands_about_a_running_system_reach_it_through_the_client_alone() -> None:
    modules = ("transactions", "approvals", "documents", "personal_keys", "vault", "screening", "platform")
    loaded = _modules_after("\n".join(f"import strongroom.cli.{module}" for module in modules))
    tiers = {name.split(".")[1] for name in loaded if name.startswith("strongroom.")}
    assert tiers == {"cli", "client", "policy", "kernel"}


def _modules_after(code: str) -> set[str]:
    script = f"import sys\nfrom strongroom.cli.main import run\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())
