"""Which Travel Rule enclave ``strongroom up`` uses over a folder that has been used before."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.apps.embedded.layout import Layout
from strongroom.apps.enclave_choice import choose_travel_rule
from strongroom.apps.serve import load_travel_rule
from strongroom.apps.up import prepare
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity
from tests.fixtures.embedded import data_folder

ENCLAVE = """[enclave]
url = "http://127.0.0.1:{port}"
token = "sixteen characters"
backend_token = "sixteen characters"
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "enclave.toml"
    path.write_text(ENCLAVE.format(port=1))
    return path


def refusal(data_dir: Path, **given: object) -> str:
    with pytest.raises(StrongroomError) as error:
        choose_travel_rule(data_dir, **given)  # type: ignore[arg-type]
    assert error.value.code is Code.CONFIG_INVALID
    return error.value.detail


def start(data_dir: Path, *, file: Path | None = None, is_simulated: bool = False) -> tuple[str | None, list[str]]:
    """All of a start but the programs; gives the enclave's URL and what was told."""
    told: list[str] = []
    chosen = choose_travel_rule(data_dir, file=file, is_simulated=is_simulated)
    settings = prepare(data_dir, port=0, tell=told.append, travel_rule=chosen).settings.travel_rule
    return (settings.enclave.url if settings and settings.enclave else None), told


def test_a_later_start_keeps_the_enclave_and_says_so_until_it_is_told_to_simulate(
    data_dir: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose_travel_rule(data_dir) is None
    monkeypatch.chdir(file.parent)
    url, told = start(data_dir, file=Path(file.name))
    assert url == "http://127.0.0.1:1"
    assert f"Travel Rule enclave at {url}, by {file}" in told
    monkeypatch.chdir("/")
    file.write_text(ENCLAVE.format(port=2))
    for _ in range(2):
        url, told = start(data_dir)
        assert url == "http://127.0.0.1:2"
        (line,) = [line for line in told if "Travel Rule" in line]
        assert "as at an earlier start; --simulate-travel-rule goes back" in line
    file.rename(file.with_name("elsewhere.toml"))
    detail = refusal(data_dir)
    assert str(file) in detail
    assert "Give --travel-rule FILE, or --simulate-travel-rule" in detail
    for is_simulated in (True, False):
        url, told = start(data_dir, is_simulated=is_simulated)
        assert url is None
        assert not [line for line in told if "Travel Rule" in line]


def test_a_folder_that_ran_with_an_enclave_nobody_remembers_asks_what_to_do(data_dir: Path, file: Path) -> None:
    start(data_dir, file=file)
    Layout.at(data_dir).travel_rule.unlink()  # as an earlier release left it
    detail = refusal(data_dir)
    assert "last ran with a Travel Rule enclave" in detail
    assert "--simulate-travel-rule" in detail
    assert choose_travel_rule(data_dir, is_simulated=True) is None
    chosen = choose_travel_rule(data_dir, file=file)
    assert chosen is not None
    assert not chosen.is_remembered


def test_both_at_once_are_refused(data_dir: Path, file: Path) -> None:
    assert "cannot be given together" in refusal(data_dir, file=file, is_simulated=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ('backend_host = "0.0.0.0"', "beyond loopback"),
        ('backend_host = "::"', "beyond loopback"),
        ('backend_host = "192.0.2.7"', "beyond loopback"),
        ('backend_host = "bank.example"', "beyond loopback"),
        ('backend_tls_cert_file = "tls.pem"', "belong together"),
        ('backend_tls_key_file = "tls.key"', "belong together"),
        ('backend_tls_cert_file = "tls.pem"\nbackend_tls_key_file = "absent.key"', "tls.pem"),
    ],
)
def test_the_door_for_the_enclave_is_not_open_to_a_network_without_tls(file: Path, settings: str, words: str) -> None:
    save_tls(file.parent)
    file.write_text(f"{settings}\n{ENCLAVE.format(port=1)}")
    with pytest.raises(StrongroomError, match=words) as error:
        load_travel_rule(file)
    assert error.value.code is Code.CONFIG_INVALID


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_no_tls(file: Path, host: str) -> None:
    file.write_text(f'backend_host = "{host}"\n{ENCLAVE.format(port=1)}')
    assert load_travel_rule(file).tls_files() is None


def test_with_tls_files_beside_the_settings_any_address_will_do(file: Path) -> None:
    save_tls(file.parent)
    file.write_text(
        'backend_host = "0.0.0.0"\nbackend_tls_cert_file = "tls.pem"\nbackend_tls_key_file = "tls.key"\n'
        + ENCLAVE.format(port=1)
    )
    files = load_travel_rule(file).tls_files()
    assert files is not None
    assert (files.certificate, files.key, files.root) == (file.parent / "tls.pem", file.parent / "tls.key", None)


def save_tls(folder: Path) -> None:
    clock = SystemClock()
    authority = Authority.open(folder / "authority", environment=Environment.SANDBOX, clock=clock)
    TlsIdentity(authority.issue_tls("screening", lifetime=timedelta(days=1)), clock=clock).save(folder)
