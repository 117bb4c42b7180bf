"""Propose, sign, publish and show: one implementation for every part of the document set.

A draft goes from owner to owner as a file. A server is asked by ``publish``, and by ``propose`` and ``show`` that are
given no file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from strongroom.cli.ask import Yes, confirm
from strongroom.cli.connection import Connection, read_file
from strongroom.cli.document_view import changes_data, draft_facts, say_changes, show_part
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.files import write_private
from strongroom.cli.output import AsJson, remark, show_facts, show_json
from strongroom.cli.trust import Trust
from strongroom.client import (
    DocumentSet,
    Draft,
    OwnerKey,
    Part,
    ShownDocuments,
    Signed,
    decode,
    differences,
    open_documents,
)

Current = Annotated[
    Path | None, Parameter(name="--current", help="A file with the current version, instead of asking the server.")
]
DraftPath = Annotated[Path, Parameter(help="The draft's file.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """From where to where a proposal goes."""

    out: Annotated[Path, Parameter(help="The draft's file, which the owners sign.")]
    current: Current = None
    onto: Annotated[
        Path | None, Parameter(help="A draft to change further, within the same version; it is to be signed anew.")
    ] = None


def propose(
    change: Callable[[DocumentSet], DocumentSet],
    *,
    origin: Origin,
    trust: Trust | None,
    connection: Connection | None,
    as_json: bool,
) -> None:
    """Write the draft of a version with one change, and show it.

    Raises:
        WrongUsageError: if the file is there already.
        StrongroomError: as ``Draft.of``, and whatever ``change`` raises.
    """
    if origin.out.exists() and origin.out != origin.onto:
        raise WrongUsageError(f"{origin.out} is there already.", "It may hold signatures: name another file.")
    if origin.onto is None:
        base = _current(origin.current, trust, connection)
        start = base.document_set
    else:
        earlier = Draft.parse(read_file(origin.onto))
        base, start = open_documents(earlier.base_signed), earlier.proposed
    draft = Draft.of(base.signed, change(start))
    write_private(origin.out, draft.encode())
    _show_draft(draft, file=origin.out, as_json=as_json)


def part_app(part: Part, text: str) -> App:
    """The commands of one part but for ``propose``, whose options are the part's own."""
    app = App(name=part.value, help=text, help_format="plaintext")

    def sign(
        draft: DraftPath,
        /,
        *,
        owner: Annotated[str, Parameter(help="Your id among the owners.")],
        key: Annotated[Path, Parameter(help="Your owner key: `strongroom owner-key make`.")],
        yes: Yes = False,
        as_json: AsJson = False,
    ) -> None:
        _sign(draft, part, owner=OwnerKey.from_raw(owner, read_file(key)), yes=yes, as_json=as_json)

    def publish(
        draft: DraftPath,
        /,
        *,
        to_file: Annotated[
            Path | None, Parameter(help="Write it to a file that `strongroom-cosigner apply` takes, and send nothing.")
        ] = None,
        as_json: AsJson = False,
        connection: Connection | None = None,
    ) -> None:
        _publish(draft, part, to_file=to_file, as_json=as_json, connection=connection)

    def show(
        *,
        current: Current = None,
        as_json: AsJson = False,
        trust: Trust | None = None,
        connection: Connection | None = None,
    ) -> None:
        show_part(_current(current, trust, connection), part, as_json=as_json)

    app.command(sign, help=_SIGN.format(part=part))
    app.command(publish, help=_PUBLISH.format(part=part))
    app.command(show, help=_SHOW.format(part=part))
    return app


_SIGN = """Add an owner's signature to a draft; needs no server.

It shows everything that the draft changes, and refuses one that does not
follow from the version that it names.

For example:
    strongroom {part} sign draft.cbor --owner owner-1 --key owner-1.key
"""
_PUBLISH = """Publish a draft that enough owners signed.

For example:
    strongroom {part} publish draft.cbor
"""
_SHOW = """Show what is in force, with version, hash and signers.

With --json it is in the form that `propose --from` takes, where that exists.

For example:
    strongroom {part} show --json
"""


def _sign(path: Path, part: Part, *, owner: OwnerKey, yes: bool, as_json: bool) -> None:
    draft = _open(path, part)
    signed = draft.sign(owner)
    if as_json and not yes:
        raise WrongUsageError("With --json nothing is shown to be confirmed.", "Give --yes too, or leave --json out.")
    if not as_json:
        say_changes(draft)
    confirm(f"Sign version {draft.proposed.version} as {owner.holder}?", yes=yes)
    write_private(path, signed.encode())
    show_json(changes_data(signed)) if as_json else show_facts(draft_facts(signed, file=path))


def _publish(path: Path, part: Part, *, to_file: Path | None, as_json: bool, connection: Connection | None) -> None:
    draft = _open(path, part)
    signed = draft.complete()
    if to_file is not None:
        write_private(to_file, signed.encode())
        remark(f"{to_file} holds version {draft.proposed.version}; nothing was sent.")
        return
    with (connection or Connection()).target().anyone() as client:
        published = client.publish_document_set(signed)
    if as_json:
        show_json(published)
    else:
        show_facts({"tenant": published["tenantId"], "version": str(published["version"]), "hash": published["hash"]})


def _show_draft(draft: Draft, *, file: Path, as_json: bool) -> None:
    if as_json:
        show_json(changes_data(draft))
        return
    say_changes(draft)
    print()
    show_facts(draft_facts(draft, file=file))


def _open(path: Path, part: Part) -> Draft:
    """The draft in a file, if it changes that part at all."""
    draft = Draft.parse(read_file(path))
    changed = sorted({difference.part for difference in differences(draft.base, draft.proposed)})
    if part.value not in changed:
        words = " and ".join(changed) or "nothing"
        raise WrongUsageError(f"{path} changes {words}, not {part}.", "Use the command of what it changes.")
    return draft


def _current(path: Path | None, trust: Trust | None, connection: Connection | None) -> ShownDocuments:
    if path is not None:
        return open_documents(decode(read_file(path), Signed))
    with (connection or Connection()).target().client() as client:
        return (trust or Trust()).documents(client)
