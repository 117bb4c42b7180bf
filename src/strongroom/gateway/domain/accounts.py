"""Vault accounts and wallets as secure_vault describes them, and the names by which callers ask for them."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from strongroom.kernel.errors import Code, StrongroomError

_ACCOUNT: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_MAX_TEXT: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One asset in one vault account; ``address`` in EIP-55 form."""

    asset_id: str
    address: str
    chain_id: int
    decimals: int
    path: str

    @property
    def address_index(self) -> int:
        """The last number of the derivation path (BIP-44)."""
        return int(self.path.rsplit("/", 1)[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One vault account; ``replayed`` when an earlier request with the same key is answered again."""

    id: str
    name: str
    customer_ref_id: str
    wallets: tuple[Wallet, ...]
    replayed: bool

    def get_wallet(self, asset_id: str) -> Wallet:
        """The wallet of an asset.

        Raises:
            StrongroomError: ``NOT_FOUND``.
        """
        for wallet in self.wallets:
            if wallet.asset_id == asset_id:
                return wallet
        raise StrongroomError(Code.NOT_FOUND, "This vault account has no wallet of that asset.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What is at the address of a wallet: base units, and the newest block that was known."""

    wallet: Wallet
    units: int
    block_number: int


def parse_account_id(text: str) -> str:
    """A vault account's number; ``VAULT_ACCOUNT_UNKNOWN`` for what can be none."""
    if not _ACCOUNT.fullmatch(text):
        raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)
    return text


def parse_asset_id(text: str) -> str:
    """An asset's id; ``ASSET_UNKNOWN`` for what can be none."""
    if not text.isprintable() or len(text) > 64:
        raise StrongroomError(Code.ASSET_UNKNOWN)
    return text


def parse_transaction_id(text: str) -> str:
    """A transaction's id in canonical form; ``TRANSACTION_UNKNOWN`` for what can be none."""
    try:
        return str(UUID(text))
    except ValueError:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN) from None


def parse_external_id(text: str) -> str:
    """An externalTxId; ``TRANSACTION_UNKNOWN`` for what can be none."""
    if not 0 < len(text) <= _MAX_TEXT or "\x00" in text:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN)
    return text


def parse_text(text: str, *, name: str) -> str:
    """A text for people; ``REQUEST_INVALID`` for one that is too long or cannot be stored."""
    if len(text) > _MAX_TEXT or "\x00" in text:
        raise StrongroomError(Code.REQUEST_INVALID, f"{name} is a text of at most {_MAX_TEXT} characters.")
    return text
