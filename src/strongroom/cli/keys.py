"""``strongroom keys``: make a tenant's key, refresh it, show it; backups and recovery are ``recovery``."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from strongroom.cli.connection import Connection, read_file
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.files import make_private
from strongroom.cli.output import AsJson, remark, say, show_facts, show_json
from strongroom.cli.trust import Trust
from strongroom.client import (
    Code,
    DocumentSet,
    KeyEpoch,
    OwnerKey,
    Signed,
    StrongroomError,
    add_signatures,
    decode,
    find_epoch,
    hold_ceremony,
    sign_key_request,
    write_transcript,
)
from strongroom.client.ports import SystemPorts

app = App(name="keys", help="The tenant's key: made, refreshed, backed up, recovered.", help_format="plaintext")
app.command("strongroom.cli.recovery:recovery_key", name="recovery-key", help="The offline key of a share's holder.")
app.command("strongroom.cli.recovery:backup", name="backup", help="Check a backup without revealing anything.")
app.command("strongroom.cli.recovery:recover", name="recover", help="Prove, offline, that the backups give the key.")

OwnerKeys = Annotated[
    list[Path] | None,
    Parameter(name="--owner-key", help="Private key of an owner, named as the owner; may be given again."),
]
Request = Annotated[
    Path | None, Parameter(name="--request", help="A key request that owners signed elsewhere: `keys request`.")
]
Transcript = Annotated[Path, Parameter(name="--transcript", help="The file to write; one that is there stays.")]
TimeoutS = Annotated[int, Parameter(name="--timeout", help="Seconds to wait for the end.")]


@app.command
def show(*, as_json: AsJson = False, trust: Trust | None = None, connection: Connection | None = None) -> None:
    """Show the key, verified here by the records of all three co-signers.

    Compare the fingerprint with `strongroom-cosigner key show` on each host.

    For example:
        strongroom keys show
    """
    with (connection or Connection()).target().client() as client:
        found = find_epoch(client, (trust or Trust()).documents(client).document_set)
    if found is None:
        raise StrongroomError(Code.KEY_UNKNOWN, "There is no key yet: strongroom keys ceremony.")
    _show(found, as_json=as_json)


@app.command
def request(
    *,
    out: Annotated[Path, Parameter(help="The file to write; one that is there stays.")],
    owner_key: OwnerKeys = None,
    add_to: Annotated[Path | None, Parameter(help="A request that other owners signed.")] = None,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Sign a key request as an owner, to be passed from owner to owner: for a new key, or for the next epoch.

    For example:
        strongroom keys request --owner-key anna.key --out request.cbor

        strongroom keys request --owner-key boris.key --add-to request.cbor --out signed.cbor
    """
    owners = _owners(owner_key)
    if add_to is not None:
        signed = add_signatures(_read_request(add_to), owners)
    else:
        with (connection or Connection()).target().client() as client:
            document_set = (trust or Trust()).documents(client).document_set
            before = find_epoch(client, document_set)
        epoch = 1 if before is None else before.epoch + 1
        signed = sign_key_request(document_set, owners, ports=SystemPorts(), epoch=epoch)
    make_private(out, signed.encode())
    say(f"{out}: signed by {', '.join(signature.signer for signature in signed.signatures)}; valid for an hour.")


@app.command
def ceremony(
    *,
    transcript: Transcript,
    owner_key: OwnerKeys = None,
    signed_request: Request = None,
    timeout_s: TimeoutS = 300,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Make the tenant's key: the owners ask, the three co-signers make it, the records are verified here.

    For example:
        strongroom keys ceremony --owner-key anna.key --owner-key boris.key --transcript key.json

        strongroom keys ceremony --request signed.cbor --transcript key.json
    """
    _hold(
        owner_key,
        signed_request,
        is_refresh=False,
        transcript=transcript,
        timeout_s=timeout_s,
        as_json=as_json,
        trust=trust,
        connection=connection,
    )


@app.command
def refresh(
    *,
    transcript: Transcript,
    owner_key: OwnerKeys = None,
    signed_request: Request = None,
    timeout_s: TimeoutS = 300,
    as_json: AsJson = False,
    trust: Trust | None = None,
    connection: Connection | None = None,
) -> None:
    """Give the three co-signers new shares of the same key; every address stays, old shares are worthless.

    Ends bans, and the freeze of a co-signer that was rolled back or restored.
    Back every share up again afterwards.

    For example:
        strongroom keys refresh --owner-key anna.key --owner-key boris.key --transcript epoch-2.json
    """
    _hold(
        owner_key,
        signed_request,
        is_refresh=True,
        transcript=transcript,
        timeout_s=timeout_s,
        as_json=as_json,
        trust=trust,
        connection=connection,
    )


def _hold(
    owner_key: list[Path] | None,
    signed_request: Path | None,
    *,
    is_refresh: bool,
    transcript: Path,
    timeout_s: int,
    as_json: bool,
    trust: Trust | None,
    connection: Connection | None,
) -> None:
    ports = SystemPorts()
    started_s = ports.now_s()
    if transcript.exists():
        raise WrongUsageError(f"{transcript} is there already.", "Name a file that is not.")
    with (connection or Connection()).target().client() as client:
        document_set = (trust or Trust()).documents(client).document_set
        before = find_epoch(client, document_set)
        if is_refresh and before is None:
            raise StrongroomError(Code.KEY_UNKNOWN, "There is no key to refresh.")
        epoch = before.epoch + 1 if is_refresh and before else 1
        signed = _take_request(document_set, owner_key, signed_request, epoch=epoch, ports=ports)
        found = hold_ceremony(
            client,
            signed,
            document_set=document_set,
            before=before if is_refresh else None,
            ports=ports,
            tell=remark,
            timeout_s=timeout_s,
        )
    written = write_transcript(found, document_set, started_s=started_s, ended_s=ports.now_s())
    make_private(transcript, json.dumps(written, indent=2).encode() + b"\n")
    remark(f"{transcript} written. Compare the fingerprint with `strongroom-cosigner key show` on each host.")
    _show(found, as_json=as_json)


def _take_request(
    document_set: DocumentSet,
    owner_key: list[Path] | None,
    signed_request: Path | None,
    *,
    epoch: int,
    ports: SystemPorts,
) -> Signed:
    if signed_request is None:
        return sign_key_request(document_set, _owners(owner_key), ports=ports, epoch=epoch)
    signed = _read_request(signed_request)
    return add_signatures(signed, _owners(owner_key)) if owner_key else signed


def _owners(files: list[Path] | None) -> list[OwnerKey]:
    if not files:
        raise WrongUsageError("Nobody signs.", "Give --owner-key, once for each owner.")
    return [OwnerKey.from_raw(file.stem, read_file(file)) for file in files]


def _read_request(file: Path) -> Signed:
    return decode(read_file(file), Signed)


def _show(found: KeyEpoch, *, as_json: bool) -> None:
    facts = {
        "key": found.public.key_id,
        "epoch": str(found.epoch),
        "fingerprint": found.fingerprint,
        "public key": found.public.public_key.hex(),
        "transcript": found.transcript_hash.hex(),
    }
    if as_json:
        show_json({**{name.replace(" ", "_"): value for name, value in facts.items()}, "epoch": found.epoch})
    else:
        show_facts(facts)
