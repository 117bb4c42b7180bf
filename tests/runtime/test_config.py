from pathlib import Path

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.config import Settings, load_settings


class Wire(Settings, frozen=True):
    port: int = 7000
    hosts: tuple[str, ...] = ()


class Example(Settings, frozen=True):
    name: str = "x"
    verbose: bool = False
    wire: Wire = Wire()


def refused(environ: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(StrongroomError) as caught:
        load_settings(Example, file=file, environ=environ)
    assert caught.value.code is Code.CONFIG_INVALID
    return caught.value.detail


def test_defaults_then_file_then_environment(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('name = "filed"\n[wire]\nport = 1\nhosts = ["a"]')
    assert load_settings(Example, file=None, environ={"PATH": "/"}) == Example()
    environ = {"STRONGROOM_WIRE__PORT": "2", "STRONGROOM_VERBOSE": "true"}
    settings = load_settings(Example, file=file, environ=environ)
    assert settings == Example(name="filed", verbose=True, wire=Wire(port=2, hosts=("a",)))


@pytest.mark.parametrize("name", ["STRONGROOM_NAMES", "STRONGROOM_WIRE", "STRONGROOM_NAME__X", "STRONGROOM_WIRE__HOST"])
def test_a_variable_that_names_no_setting_is_refused(name: str) -> None:
    assert name in refused({name: "1"})


def test_a_value_of_another_type_is_refused_without_being_shown() -> None:
    assert "hunter2" not in refused({"STRONGROOM_WIRE__PORT": "hunter2"})


@pytest.mark.parametrize("text", ['unknown = "x"', "[wire]\nport = '1'", "name = ", "[wire]\nextra = 1", "wire = 1"])
def test_a_file_that_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    assert refused({}, file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "c.toml" in refused({}, tmp_path / "c.toml")
