"""What is installed is pinned, agrees across the lock files, and may be shipped under Apache-2.0."""

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.generators import ROOT

PERMISSIVE = re.compile(r"^(MIT(-0)?|Apache-2\.0|BSD-[23]-Clause|ISC|PSF-2\.0|0BSD|Unlicense)$")
PERMISSIVE_WORDS = re.compile(r"\bMIT\b|\bApache\b|\bBSD\b|\bISC\b|Python Software Foundation", re.IGNORECASE)
COPYLEFT_WORDS = re.compile(r"\bA?GPL|\bLGPL|GNU |Mozilla|\bMPL\b|\bEPL\b|\bSSPL\b|\bBUSL\b|Elastic", re.IGNORECASE)
# Weak copyleft on a data file that is passed on unchanged: Mozilla's list of certificate authorities.
EXCEPTIONS = {"certifi": "MPL-2.0"}
CRATES = {"dkls23-core": "0.6.2", "dkls23-secp256k1": "0.6.2"}


def read_lock(text: str) -> tuple[dict[str, Requirement], list[str]]:
    """The pinned requirements by name, and what is wrong with the file's form."""
    pins: dict[str, Requirement] = {}
    wrong: list[str] = []
    for entry in re.split(r"\n(?=\S)", text.strip()):
        requirement = Requirement(entry.split("\\")[0].split(" --hash")[0].strip())
        pins[canonicalize_name(requirement.name)] = requirement
        if not re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)):
            wrong.append(f"{requirement.name}: not pinned to one version")
        if "--hash=sha256:" not in entry:
            wrong.append(f"{requirement.name}: no hash")
    return pins, wrong


def lock(name: str) -> tuple[dict[str, Requirement], list[str]]:
    return read_lock((ROOT / "requirements" / f"{name}.lock").read_text())


def licence_complaint(name: str, expression: str | None, words: str) -> str | None:
    """None when the licence lets us ship the package; an expression is SPDX, `words` are what older metadata say."""
    if name in EXCEPTIONS:
        return None
    if expression:
        choices = [choice.strip("() ") for choice in expression.split(" OR ")]
        good = any(all(PERMISSIVE.match(part.strip("() ")) for part in choice.split(" AND ")) for choice in choices)
    else:
        good = bool(PERMISSIVE_WORDS.search(words)) and not COPYLEFT_WORDS.search(words)
    return None if good else f"{name}: {expression or words or 'no licence stated'}"


def licence_of(name: str) -> str | None:
    facts = metadata.metadata(name).json
    stated, classifiers = facts.get("license", ""), facts.get("classifier", [])
    licences = [line for line in classifiers if line.startswith("License")]
    expression = facts.get("license_expression")
    words = " ".join([str(stated).split("\n")[0], *licences])
    return licence_complaint(name, str(expression) if expression else None, words)


def test_every_lock_pins_one_version_with_hashes() -> None:
    for name in ("runtime", "build", "dev"):
        pins, wrong = lock(name)
        assert pins
        assert not wrong


def test_the_locks_agree_and_hold_what_the_project_asks_for() -> None:
    runtime, build, dev = (lock(name)[0] for name in ("runtime", "build", "dev"))
    assert all(build[name].specifier == pin.specifier for name, pin in runtime.items())
    assert all(dev[name].specifier == pin.specifier for name, pin in build.items())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    for wanted, pins in ((project["project"]["dependencies"], runtime), (groups["build"], build), (groups["dev"], dev)):
        for requirement in map(Requirement, wanted):
            assert canonicalize_name(requirement.name) in pins


def test_an_unpinned_or_unhashed_entry_is_refused() -> None:
    assert read_lock("a>=1 \\\n    --hash=sha256:00")[1] == ["a: not pinned to one version"]
    assert read_lock("a==1\nb==2 \\\n    --hash=sha256:00")[1] == ["a: no hash"]


def test_everything_shipped_has_a_permissive_licence() -> None:
    pins = [pin for pin in lock("runtime")[0].values() if pin.marker is None or pin.marker.evaluate()]
    assert [found for pin in pins if (found := licence_of(pin.name))] == []


def test_copyleft_and_silence_are_refused() -> None:
    assert licence_complaint("a", "GPL-3.0-or-later", "")
    assert licence_complaint("a", "MIT AND LGPL-3.0-only", "")
    assert licence_complaint("a", None, "")
    assert licence_complaint("a", None, "License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert not licence_complaint("a", "GPL-2.0-only OR MIT", "")
    assert not licence_complaint("a", None, "MIT License")


def test_the_threshold_library_is_the_version_that_does_not_leak_keys() -> None:
    locked = tomllib.loads((ROOT / "native/threshold/Cargo.lock").read_text())["package"]
    versions = {package["name"]: package["version"] for package in locked if package["name"].startswith("dkls23")}
    assert versions == CRATES
