"""Answers made of what the services say."""

import base64
import binascii
from typing import Final

from strongroom.gateway.domain.accounts import Account, Holding, Wallet
from strongroom.gateway.domain.shapes import (
    Address,
    SupportedAsset,
    VaultAccount,
    VaultAsset,
)
from strongroom.kernel.documents.document_set import Asset, DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import format_amount

_SHOWN: Final = {"SIGNED": "PENDING_SIGNATURE"}


def public_status(status: str) -> str:
    """The status as the doors show it: SIGNED is internal (architecture.md 4, step 12)."""
    return _SHOWN.get(status, status)


def decode_text(text: str, *, name: str) -> bytes:
    """The bytes of a base64 field; ``REQUEST_INVALID``."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise StrongroomError(Code.REQUEST_INVALID, f"{name} is base64.") from None


def encode_text(data: bytes) -> str:
    """Base64 for a JSON field."""
    return base64.b64encode(data).decode()


def show_holding(holding: Holding) -> VaultAsset:
    """What a wallet holds. Nothing is frozen or locked here: what is under way shows in the transactions."""
    total = format_amount(holding.units, decimals=holding.wallet.decimals)
    return VaultAsset(
        id=holding.wallet.asset_id,
        total=total,
        balance=total,
        available=total,
        pending="0",
        frozen="0",
        locked_amount="0",
        block_height=str(holding.block_number),
    )


def show_account(account: Account, holdings: tuple[Holding, ...] = ()) -> VaultAccount:
    """A vault account with what it holds."""
    return VaultAccount(
        id=account.id,
        name=account.name,
        assets=[show_holding(holding) for holding in holdings],
        hidden_on_ui=False,
        auto_fuel=False,
        customer_ref_id=account.customer_ref_id,
    )


def show_address(wallet: Wallet) -> Address:
    """The address of a wallet."""
    return Address(
        asset_id=wallet.asset_id,
        address=wallet.address,
        type="Permanent",
        bip44_address_index=wallet.address_index,
        user_defined=False,
    )


def show_asset(asset: Asset, document_set: DocumentSet) -> SupportedAsset:
    """An asset of the signed list; its native asset is the one on the same chain without a contract."""
    native = next(
        (other.id for other in document_set.assets if other.chain_id == asset.chain_id and not other.token_contract),
        asset.id,
    )
    return SupportedAsset(
        id=asset.id,
        name=asset.name,
        type="ERC20" if asset.token_contract else "BASE_ASSET",
        native_asset=native,
        decimals=asset.decimals,
        contract_address=asset.token_contract or "",
    )
