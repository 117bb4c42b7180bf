"""``strongroom keys recovery-key | backup | recover``: for offline machines; nothing here opens a connection."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from strongroom.apps import recovery as offline
from strongroom.cli.connection import read_file
from strongroom.cli.failures import WrongUsageError
from strongroom.cli.files import make_private
from strongroom.cli.output import AsJson, say, show_facts, show_json

recovery_key = App(name="recovery-key", help="The offline key of a share's holder.", help_format="plaintext")
backup = App(name="backup", help="Check a backup without revealing anything.", help_format="plaintext")

KeyFile = Annotated[Path, Parameter(name="--recovery-key", help="Private recovery key, PEM.")]
KeyFiles = Annotated[list[Path], Parameter(name="--recovery-key", help="Private recovery keys, PEM, in any order.")]
PassphraseFile = Annotated[
    Path | None, Parameter(name="--passphrase-file", help="Holds the passphrase of the recovery keys.")
]
Judge = Annotated[
    Path | None,
    Parameter(name="--document-set-file", help="Signed document set; the signatures of the records are checked by it."),
]


@recovery_key.command
def make(
    *,
    out: Annotated[Path, Parameter(help="The private key, PEM; the public one is beside it, ending in .pub.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a recovery key; only its public half ever meets a co-signer.

    For example:
        strongroom keys recovery-key make --out safe.pem --passphrase-file passphrase
    """
    public_file = out.with_name(f"{out.name}.pub")
    private, public = offline.make_key(passphrase=_passphrase(passphrase_file))
    make_private(out, private)
    make_private(public_file, public)
    say(f"{out}: keep it offline. {public_file}: for strongroom-cosigner backup --recovery-public-key")


@backup.command
def verify(
    file: Annotated[Path, Parameter(help="What strongroom-cosigner backup wrote.")],
    /,
    *,
    recovery_key: KeyFile,
    passphrase_file: PassphraseFile = None,
    document_set_file: Judge = None,
    as_json: AsJson = False,
) -> None:
    """Open a backup in memory and check that it is the share that its co-signer recorded.

    For example:
        strongroom keys backup verify co-signer-3.backup --recovery-key safe.pem
    """
    facts = offline.verify_backup(
        read_file(file),
        recovery_key=read_file(recovery_key),
        passphrase=_passphrase(passphrase_file),
        document_set=_document_set(document_set_file),
    )
    show_json(facts) if as_json else show_facts({name: str(value) for name, value in facts.items()})


def recover(
    *,
    backup: Annotated[list[Path], Parameter(name="--backup", help="The backup of each co-signer, of one epoch.")],
    recovery_key: KeyFiles,
    passphrase_file: PassphraseFile = None,
    document_set_file: Judge = None,
    path: Annotated[str, Parameter(help="Derivation path of the address to prove.")] = "m/44/60/0/0/0",
    reveal: Annotated[Path | None, Parameter(help="Write the extended private key to this new file.")] = None,
    i_understand_that_this_is_the_whole_key: Annotated[
        bool, Parameter(help="Needed with --reveal: whoever reads the file owns every address.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Prove, on an offline machine, that three backups give the key and its addresses.

    Nothing is revealed unless --reveal asks for it.

    For example:
        strongroom keys recover --backup 1.backup --backup 2.backup --backup 3.backup
            --recovery-key 1.pem --recovery-key 2.pem --recovery-key 3.pem
    """
    if reveal is not None and not i_understand_that_this_is_the_whole_key:
        raise WrongUsageError(
            "--reveal writes the whole private key.", "Add --i-understand-that-this-is-the-whole-key."
        )
    facts, recovered = offline.recover(
        [read_file(file) for file in backup],
        recovery_keys=[read_file(file) for file in recovery_key],
        passphrase=_passphrase(passphrase_file),
        document_set=_document_set(document_set_file),
        path=path,
    )
    if reveal is not None:
        make_private(reveal, recovered.reveal_extended_private_key() + b"\n")
    show_json(facts) if as_json else show_facts({name: str(value) for name, value in facts.items()})


def _passphrase(file: Path | None) -> bytes | None:
    return None if file is None else read_file(file).rstrip(b"\r\n")


def _document_set(file: Path | None) -> bytes | None:
    return None if file is None else read_file(file)
