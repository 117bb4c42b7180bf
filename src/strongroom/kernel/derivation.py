"""Public key derivation, so that anyone can compute a vault account's address without asking us (trust.md 2)."""

import hashlib
import hmac

from coincurve import PublicKey

from strongroom.kernel.addresses import checksum_address
from strongroom.kernel.digest import keccak256
from strongroom.kernel.errors import Code, StrongroomError

_HARDENED = 1 << 31


def derivation_path(*, coin_type: int, vault_account: int, index: int = 0) -> str:
    """``m/44/coin/account/0/index``, non-hardened: the Fireblocks layout (custody_api.md 8)."""
    return f"m/44/{coin_type}/{vault_account}/0/{index}"


def parse_path(path: str) -> tuple[int, ...]:
    """The indices of a non-hardened path.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` for a hardened, empty or malformed path.
    """
    head, *rest = path.split("/")
    if head != "m" or not rest or not all(part.isascii() and part.isdigit() and len(part) <= 10 for part in rest):
        raise StrongroomError(Code.REQUEST_INVALID, "A path reads m/44/coin/account/0/index, without hardened levels.")
    indices = tuple(int(part) for part in rest)
    if any(index >= _HARDENED for index in indices):
        raise StrongroomError(Code.REQUEST_INVALID, "A path index is below 2^31.")
    return indices


def derive_public_key(*, public_key: bytes, chain_code: bytes, path: str) -> bytes:
    """The child public key, 33 bytes compressed (BIP-32, public parent to public child, at every level).

    Args:
        public_key: 33 bytes, compressed.
        chain_code: 32 bytes.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` for a malformed path.
    """
    key, code = public_key, chain_code
    for index in parse_path(path):
        mac = hmac.digest(code, key + index.to_bytes(4, "big"), hashlib.sha512)
        key = PublicKey(key).add(mac[:32]).format(compressed=True)
        code = mac[32:]
    return key


def evm_address(public_key: bytes) -> str:
    """The EIP-55 address of a 33-byte compressed secp256k1 public key."""
    return checksum_address(keccak256(PublicKey(public_key).format(compressed=False)[1:])[-20:])
