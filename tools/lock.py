"""Pin every dependency, with hashes, for all supported Pythons: `python -m tools.lock` (needs `uv`).

The three files hold no index or mirror address, so they install from whatever index the machine is set up with:
runtime.lock is the product, build.lock what builds it, dev.lock both and all that tests it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {
    "runtime": (),
    "build": ("--group", "build"),
    "dev": ("--group", "build", "--group", "dev"),
}
OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-header",
    "--no-annotate",
    "--quiet",
)


def main() -> int:
    """Write requirements/*.lock; the versions of runtime.lock bind the other two. `--upgrade` is passed on."""
    for name, groups in LOCKS.items():
        constraint = () if name == "runtime" else ("--constraint", "requirements/runtime.lock")
        output = f"requirements/{name}.lock"
        command = ["uv", "pip", "compile", "pyproject.toml", *groups, *OPTIONS, *constraint, *sys.argv[1:]]
        subprocess.run([*command, "--output-file", output], cwd=ROOT, check=True)
        print(f"wrote {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
