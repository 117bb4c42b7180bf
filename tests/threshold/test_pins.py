"""The lock file holds the only library versions that may guard a key (threshold signing 1.1).

Up to 0.5.1 the protocol library lets a listening co-signer work out the whole key; 0.4.0 to 0.5.1 and 0.6.0 are
withdrawn.
"""

import tomllib
from pathlib import Path

import pytest

CRATE = Path(__file__).parents[2] / "native" / "threshold"

PINS = {
    "dkls23-core": "0.6.2",
    "dkls23-secp256k1": "0.6.2",
    "hkdf": "0.13.0",
    "k256": "0.14.0",
    "postcard": "1.1.3",
    "pyo3": "0.30.1",
    "sha2": "0.11.1",
    "x25519-dalek": "3.0.0",
}

ONE_VERSION = ("dkls23", "k256")


def version_of(dependency: str | dict[str, str]) -> str:
    return dependency if isinstance(dependency, str) else dependency["version"]


def wrong_pins(*, manifest: str, lock: str) -> list[str]:
    """What a manifest and its lock file hold otherwise than pinned.

    Other crates may bring a second sha2 of their own; of what holds key material there is one version only.
    """
    dependencies = tomllib.loads(manifest)["dependencies"]
    locked = [(package["name"], package["version"]) for package in tomllib.loads(lock)["package"]]
    loose = [name for name, version in PINS.items() if version_of(dependencies[name]) != f"={version}"]
    missing = [name for name, version in PINS.items() if (name, version) not in locked]
    stray = [name for name, version in locked if name.startswith(ONE_VERSION) and version != PINS.get(name)]
    return loose + missing + stray


def manifest_and_lock() -> tuple[str, str]:
    return (CRATE / "Cargo.toml").read_text(), (CRATE / "Cargo.lock").read_text()


def test_the_lock_file_holds_the_pinned_versions() -> None:
    manifest, lock = manifest_and_lock()
    assert wrong_pins(manifest=manifest, lock=lock) == []


@pytest.mark.parametrize("version", ["0.3.1", "0.5.1", "0.5.2", "0.6.0", "0.6.1", "0.6.3", "0.7.0"])
@pytest.mark.parametrize("crate", ["dkls23-core", "dkls23-secp256k1"])
def test_any_other_library_version_is_refused(crate: str, version: str) -> None:
    manifest, lock = manifest_and_lock()
    ours = f'name = "{crate}"\nversion = "0.6.2"'
    assert ours in lock
    assert wrong_pins(manifest=manifest, lock=lock.replace(ours, f'name = "{crate}"\nversion = "{version}"'))
    older = f'\n[[package]]\nname = "{crate}"\nversion = "{version}"\n'
    assert wrong_pins(manifest=manifest, lock=lock + older)


def test_a_deprecated_name_of_the_library_is_refused() -> None:
    manifest, lock = manifest_and_lock()
    assert wrong_pins(manifest=manifest, lock=lock + '\n[[package]]\nname = "dkls23"\nversion = "0.3.1"\n')


def test_a_loose_manifest_is_refused() -> None:
    manifest, lock = manifest_and_lock()
    assert wrong_pins(manifest=manifest.replace('"=0.6.2"', '"0.6"'), lock=lock)


def test_panics_unwind_and_arithmetic_is_checked() -> None:
    profile = tomllib.loads(manifest_and_lock()[0])["profile"]["release"]
    assert profile == {"lto": "fat", "codegen-units": 1, "overflow-checks": True, "panic": "unwind"}
