"""``strongroom owner-key`` and ``strongroom approver-key``: keys that people make on machines of their own."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from strongroom.cli.connection import read_file
from strongroom.cli.files import make_private
from strongroom.cli.output import AsJson, show_facts, show_json
from strongroom.client import PersonalKey


def key_app(name: str, *, help_text: str, next_step: str) -> App:
    """``make`` and ``show`` of one kind of key."""
    app = App(name=name, help=help_text, help_format="plaintext")

    def make(
        *,
        out: Annotated[Path, Parameter(help="The file of the private key: 32 bytes, for your eyes only.")],
        as_json: AsJson = False,
    ) -> None:
        key = PersonalKey.generate(out.stem)
        make_private(out, key.raw())
        _show(key, out, as_json=as_json)

    def show(
        file: Annotated[Path, Parameter(help="The file of the private key.")], /, *, as_json: AsJson = False
    ) -> None:
        _show(PersonalKey.from_raw(file.stem, read_file(file)), file, as_json=as_json)

    def _show(key: PersonalKey, file: Path, *, as_json: bool) -> None:
        public = key.public_key().hex()
        following = next_step.format(name=key.holder, public=public)
        facts = {"file": str(file), "public key": public, "next": following}
        show_json({"file": str(file), "public_key": public}) if as_json else show_facts(facts)

    example = f"\n\nFor example:\n    strongroom {name}"
    app.command(make, help=f"Make a key; a file that is there is never replaced.{example} make --out anna.key\n")
    app.command(show, help=f"Show the public key of a private one.{example} show anna.key\n")
    return app


owner = key_app(
    "owner-key",
    help_text="The key by which an owner signs versions of the document set.",
    next_step="strongroom owners propose --add {name}={public} --out draft.cbor",
)
approver = key_app(
    "approver-key",
    help_text="The key of an approver's device.",
    next_step="strongroom roster propose --add-user {name}={public} --group approvers --out draft.cbor",
)
