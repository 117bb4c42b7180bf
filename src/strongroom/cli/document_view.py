"""Document sets and drafts of them, in words for people."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from strongroom.cli.output import say, show_facts, show_json, show_table
from strongroom.client import Difference, Draft, Part, ShownDocuments, differences, entries_of, form_of

Json = dict[str, Any]


def say_changes(draft: Draft) -> None:
    """Print everything that the draft changes, entry by entry."""
    say(f"Version {draft.proposed.version} of {draft.proposed.tenant}, {draft.proposed.environment.value}, changes:")
    for difference in differences(draft.base, draft.proposed):
        for line in _lines(difference):
            say(line)


def draft_facts(draft: Draft, *, file: Path) -> Mapping[str, str]:
    """Which version it would be, and who must sign yet."""
    missing, threshold = draft.missing, draft.base.owners.threshold
    owners = ", ".join(member.id for member in draft.base.owners.members)
    return {
        "draft": str(file),
        "version": f"{draft.proposed.version}, {draft.proposed.hash().hex()}",
        "follows": f"{draft.base.version}, {draft.base.hash().hex()}",
        "signed by": ", ".join(draft.signers) or "nobody",
        "needed": f"{missing} more: {threshold} of {owners} must sign" if missing else "nothing: publish it",
    }


def changes_data(draft: Draft) -> Json:
    """The same as data."""
    return {
        "version": draft.proposed.version,
        "hash": draft.proposed.hash().hex(),
        "base_version": draft.base.version,
        "base_hash": draft.base.hash().hex(),
        "signers": draft.signers,
        "missing": draft.missing,
        "changes": [
            {"part": one.part, "entry": one.entry, "before": one.before, "after": one.after}
            for one in differences(draft.base, draft.proposed)
        ],
    }


def show_part(shown: ShownDocuments, part: Part, *, as_json: bool) -> None:
    """Print one part of a version, with the version's hash and signers."""
    document = shown.document_set
    signers = [signature.signer for signature in shown.signed.signatures]
    if as_json:
        facts = {"version": document.version, "hash": document.hash().hex(), "signers": signers}
        form = form_of(document, part)
        show_json({**facts, part.value: form.get(part.value, form)})
        return
    by = ", ".join(signers)
    show_facts(
        {
            "tenant": f"{document.tenant}, {document.environment.value}",
            "version": str(document.version),
            "hash": document.hash().hex(),
            "signed by": by if shown.is_signed_by_owners else f"{by}; by the owners before this version",
        }
    )
    print()
    rows = (
        row for (owner, entry), fields in entries_of(document).items() if owner == part for row in _rows(entry, fields)
    )
    show_table(("entry", "field", "value"), rows, empty=f"No {part}.")


def _rows(entry: str, fields: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for name, value in fields.items():
        yield entry, name, value
        entry = ""


def _lines(difference: Difference) -> Iterator[str]:
    before, after = difference.before, difference.after
    sign = "+" if before is None else "-" if after is None else "~"
    yield f"  {sign} {difference.part}: {difference.entry}"
    for name in {**(before or {}), **(after or {})}:
        if before is None or after is None:
            yield f"      {name}: {(after or before or {})[name]}"
        else:
            yield f"      {name}: {before.get(name, '(nothing)')} -> {after.get(name, '(nothing)')}"
