"""EVM addresses: the one place that says what a well-formed address is (EIP-55) and derives one from a key."""

import re

from strongroom.kernel.digest import keccak256
from strongroom.kernel.errors import Code, StrongroomError

_HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def checksum_address(raw: bytes) -> str:
    """The EIP-55 form of a 20-byte address."""
    digits = raw.hex()
    marks = keccak256(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(m, 16) >= 8 else c for c, m in zip(digits, marks, strict=False))


def parse_evm_address(text: str) -> str:
    """The EIP-55 form of ``text``.

    Mixed case must carry a right checksum; all lower case carries none and is accepted.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    if not _HEX_ADDRESS.fullmatch(text):
        raise StrongroomError(Code.ADDRESS_INVALID, "An EVM address is 0x and 40 hexadecimal digits.")
    checked = checksum_address(bytes.fromhex(text[2:]))
    if text not in (checked, text.lower()):
        raise StrongroomError(Code.ADDRESS_INVALID, "The address fails its EIP-55 checksum: a digit is wrong.")
    return checked


def address_bytes(text: str) -> bytes:
    """The 20 bytes of a checked address.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    return bytes.fromhex(parse_evm_address(text)[2:])
