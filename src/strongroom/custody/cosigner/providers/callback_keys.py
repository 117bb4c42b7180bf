"""Our key for callbacks and the handler's, as files in the co-signer's home."""

from pathlib import Path

from strongroom.custody.cosigner.config import CALLBACK_KEY_FILE, read_callback_key
from strongroom.runtime.kms import write_once
from strongroom.vendors.callback_handler.tokens import (
    make_private_key,
    parse_private_key,
    parse_public_key,
    public_key_pem,
)


def open_callback_key(home: Path) -> str:
    """The public half of our key, PEM; the key is made where there is none."""
    if not (home / CALLBACK_KEY_FILE).exists():
        write_once(home / CALLBACK_KEY_FILE, make_private_key())
    return public_key_pem(parse_private_key(read_callback_key(home))).decode()


def read_handler_key(pem: bytes) -> str:
    """The handler's public key as it goes into the settings; ``CONFIG_INVALID`` for anything else."""
    parse_public_key(pem)
    return pem.decode()
