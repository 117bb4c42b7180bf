"""What stands in our TRP addresses: whose account an inquiry is about, and which verification a callback is about.

An account is encrypted, for a travel address is given away before anybody may know the payment address; a callback's
token carries a keyed digest, so that nobody makes one up. Both are read back without a table.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.providers.trp import Trp
from strongroom.travel_rule.trp.server import CONFIRMATIONS, INQUIRIES, RESOLUTIONS

_NONCE_BYTES: Final = 12
_MAC_DIGITS: Final = 32


def trp_of(means: Means) -> Trp:
    """What TRP takes; ``NOT_FOUND`` where it is not spoken."""
    if means.trp is None:
        raise StrongroomError(Code.NOT_FOUND, "TRP is not switched on.")
    return means.trp


def inquiry_url(*, means: Means, account: str) -> str:
    """Where inquiries about an account go; another URL each time, all of them valid."""
    nonce = means.entropy.token(_NONCE_BYTES)
    sealed = nonce + AESGCM(_key(means, INQUIRIES)).encrypt(nonce, account.encode(), None)
    return f"{trp_of(means).own.url}/{INQUIRIES}/{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}?t=i"


def account_at(*, means: Means, place: str) -> str:
    """The account that an inquiry is about; ``NOT_FOUND`` for a place that was not made here."""
    try:
        sealed = base64.urlsafe_b64decode(place + "=" * (-len(place) % 4))
        opened = AESGCM(_key(means, INQUIRIES)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (ValueError, binascii.Error, InvalidTag):
        raise StrongroomError(Code.NOT_FOUND) from None
    return opened.decode()


def resolution_url(*, means: Means, uuid: str) -> str:
    """Where the answer to our inquiry goes."""
    return f"{trp_of(means).own.url}/{RESOLUTIONS}/{_token(means, RESOLUTIONS, uuid)}"


def confirmation_url(*, means: Means, uuid: str) -> str:
    """Where the confirmation of a transfer that was approved here goes."""
    return f"{trp_of(means).own.url}/{CONFIRMATIONS}/{_token(means, CONFIRMATIONS, uuid)}"


def uuid_of_resolution(*, means: Means, token: str) -> str:
    """The verification that an answer is about; ``NOT_FOUND`` for a token that was not made here."""
    return _uuid(means, RESOLUTIONS, token)


def uuid_of_confirmation(*, means: Means, token: str) -> str:
    """The verification that a confirmation is about; ``NOT_FOUND`` likewise."""
    return _uuid(means, CONFIRMATIONS, token)


def _token(means: Means, purpose: str, uuid: str) -> str:
    return f"{uuid}.{hmac.new(_key(means, purpose), uuid.encode(), hashlib.sha256).hexdigest()[:_MAC_DIGITS]}"


def _uuid(means: Means, purpose: str, token: str) -> str:
    uuid = token.partition(".")[0]
    if not token.isascii() or not hmac.compare_digest(token, _token(means, purpose, uuid)):
        raise StrongroomError(Code.NOT_FOUND)
    return uuid


def _key(means: Means, purpose: str) -> bytes:
    """A key for one purpose alone."""
    return hmac.new(means.content_key.reveal(), f"trp:{purpose}".encode(), hashlib.sha256).digest()
