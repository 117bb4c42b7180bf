"""Words that may stand in no file: promises instead of work, and the machine it was made on."""

import re
from collections.abc import Callable, Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

# This file holds examples of what it refuses, so the rules leave it out.
HERE = "tests/tidy/rules/words.py"
PROMISES = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|\b(todo|unimplemented)!\(")
MACHINE = re.compile(r"(?<![\w.}*/-])/(work|root|home|Users)/")
INDEX_OPTION = re.compile(r"(?<!no-emit-)\b(index-url|find-links|trusted-host)\b")
PACKAGE_HOST = re.compile(r"registry\.npmjs|pythonhosted\.org|pypi\.org/simple|static\.crates\.io|index\.crates\.io")
ANY_ADDRESS = re.compile(r"(https?|ssh|git)(\+\w+)?://|registry\+")
THE_CRATES_INDEX = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
INSTALLER_SETTINGS = re.compile(r"(^|/)(\.npmrc|pip\.conf|\.pypirc|uv\.toml|\.cargo/config(\.toml)?)$")


def matching(pattern: re.Pattern[str], what: str) -> Callable[[Source], Iterator[tuple[int, str]]]:
    """A finder that complains about every line with this pattern."""

    def find(source: Source) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(source.lines, 1):
            if found := pattern.search(line):
                yield number, f"`{found.group()}`: {what}"

    return find


def addresses(source: Source) -> Iterator[tuple[int, str]]:
    """A lock file names packages and hashes; where to fetch them is the machine's own setting."""
    for number, line in enumerate(source.lines, 1):
        if ANY_ADDRESS.search(line) and line.strip() != THE_CRATES_INDEX:
            yield number, "an address in a lock file"


def is_ours(source: Source) -> bool:
    """Every file but this one and those that a generator wrote."""
    return source.path != HERE and not source.is_generated


def is_lock(source: Source) -> bool:
    """Whether the file pins packages."""
    return source.path.endswith((".lock", "package-lock.json"))


def settings_file(source: Source) -> Iterator[tuple[int, str]]:
    """An installer's settings in the tree would overrule those of the machine it is installed on."""
    yield 1, f"{source.path} is a setting of one machine"


RULES = (
    Rule(
        name="no-promises",
        covers=lambda source: is_ours(source) and not is_lock(source),
        find=matching(PROMISES, "do it, or leave it out and say so"),
        refused=(("src/strongroom/a.py", "# TODO: later"), ("native/threshold/src/lib.rs", "    todo!()")),
        allowed=(("src/strongroom/a.py", "# done"),),
    ),
    Rule(
        name="no-machine-paths",
        covers=is_ours,
        find=matching(MACHINE, "a path of one machine"),
        refused=(("docs/a.md", "see /work/x"), ("Makefile", "P=/root/.cargo"), ("a.json", '"/home/me/x"')),
        allowed=(("docs/a.md", "see docs/work/x and https://example.org/home/x"),),
    ),
    Rule(
        name="no-package-hosts",
        covers=is_ours,
        find=matching(PACKAGE_HOST, "an address of a package index"),
        refused=(("docs/a.md", "https://registry.npmjs.org/x"), ("a.toml", "https://pypi.org/simple")),
        allowed=(("docs/a.md", "the package index"),),
    ),
    Rule(
        name="no-index-options",
        covers=is_ours,
        find=matching(INDEX_OPTION, "where packages come from is the machine's own setting"),
        refused=(("requirements/a.lock", "--index-url x"), ("Makefile", "pip install --find-links x")),
        allowed=(("tools/lock.py", "--no-emit-index-url"),),
    ),
    Rule(
        name="locks-hold-no-address",
        covers=is_lock,
        find=addresses,
        refused=(
            ("package-lock.json", '"resolved": "https://x/y.tgz"'),
            ("native/threshold/Cargo.lock", 'source = "registry+https://mirror.example/index"'),
        ),
        allowed=(("native/threshold/Cargo.lock", THE_CRATES_INDEX),),
    ),
    Rule(
        name="no-installer-settings",
        covers=lambda source: INSTALLER_SETTINGS.search(source.path) is not None,
        find=settings_file,
        refused=((".npmrc", ""), ("native/threshold/.cargo/config.toml", "")),
        allowed=(("pyproject.toml", ""),),
    ),
)
