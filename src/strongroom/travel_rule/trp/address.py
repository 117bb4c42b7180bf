"""Travel addresses and LNURLs: an HTTPS address that survives being read aloud and pasted.

A travel address is ``ta`` and the base58 of the URL without its scheme and the first four bytes of its double SHA-256;
the query carries ``t=i`` and is sorted by name. An LNURL is the bech32 of the whole URL (LUD-01), of any length.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from strongroom.kernel.errors import Code, StrongroomError

URL_MAX: Final = 2000
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_PREFIX: Final = "ta"
_CHECK_BYTES: Final = 4
_ADDRESS: Final = re.compile(f"{_PREFIX}[{_BASE58}]{{1,2800}}")
_LNURL: Final = re.compile(f"lnurl1[{_BECH32}]{{6,3300}}")
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)
_SIGNS: Final = re.compile(r"[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")


def encode_travel_address(url: str) -> str:
    """The travel address of a URL; ``http://`` and ``https://`` are both left out, ``t=i`` is added.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    bare = _tagged(_SCHEME.sub("", url, count=1)).encode("ascii")
    return _PREFIX + _base58(bare + _checksum(bare))


def decode_travel_address(address: str) -> str:
    """The URL of a travel address, always ``https://``.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``: not of this form, mistyped, or of no URL that TRP may be spoken with.
    """
    if not _ADDRESS.fullmatch(address):
        raise _invalid("Not a travel address.")
    raw = _from_base58(address[len(_PREFIX) :])
    bare, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if not bare or _checksum(bare) != check:
        raise _invalid("The travel address is mistyped: its checksum fails.")
    try:
        text = bare.decode("ascii")
    except UnicodeDecodeError:
        raise _invalid("The travel address holds no URL.") from None
    return f"https://{_tagged(text)}"


def encode_lnurl(url: str) -> str:
    """The LNURL of an ``https://`` URL, in small letters.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    raw = check_url(url).encode("ascii")
    words = _regrouped(raw, have=8, want=5, pad=True)
    return "lnurl1" + "".join(_BECH32[word] for word in (*words, *_bech32_check(words)))


def decode_lnurl(text: str) -> str:
    """The URL of an LNURL, in capitals or small letters but not both.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    low = text.lower()
    if text not in {low, text.upper()} or not _LNURL.fullmatch(low):
        raise _invalid("Not an LNURL.")
    words = [_BECH32.index(sign) for sign in low[6:]]
    if _bech32_check(words[:-6]) != words[-6:]:
        raise _invalid("The LNURL is mistyped: its checksum fails.")
    try:
        return check_url(bytes(_regrouped(words[:-6], have=5, want=8, pad=False)).decode("ascii"))
    except UnicodeDecodeError:
        raise _invalid("The LNURL holds no URL.") from None


def read_address(text: str) -> str:
    """The URL that an inquiry goes to, of a travel address or an LNURL.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    return decode_lnurl(text) if text[:6].lower() == "lnurl1" else decode_travel_address(text)


def check_url(url: str) -> str:
    """The URL itself if TRP may be spoken with it: HTTPS, a host, printable ASCII, no user, no fragment.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``.
    """
    if len(url) > URL_MAX or not _SIGNS.fullmatch(url):
        raise _invalid(f"The URL exceeds {URL_MAX} characters, or has signs that no URL has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _invalid("Not a URL.") from None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or port == 0:
        raise _invalid("The URL is HTTPS, with a host and without a user.")
    return url


def _tagged(bare: str) -> str:
    """The URL without scheme, its query sorted by name and with ``t=i``."""
    check_url(f"https://{bare}")
    place, _, query = bare.partition("?")
    pairs = [pair for pair in query.split("&") if pair]
    if not any(pair.partition("=")[0] == "t" for pair in pairs):
        pairs.append("t=i")
    return f"{place}?{'&'.join(sorted(pairs, key=lambda pair: pair.partition('=')[0]))}"


def _checksum(data: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()[:_CHECK_BYTES]


def _base58(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits


def _from_base58(text: str) -> bytes:
    number = 0
    for sign in text:
        number = number * 58 + _BASE58.index(sign)
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _regrouped(values: Iterable[int], *, have: int, want: int, pad: bool) -> list[int]:
    """Bits in groups of ``have`` as groups of ``want`` (BIP 173, convertbits)."""
    held = bits = 0
    out: list[int] = []
    for value in values:
        held, bits = held << have | value, bits + have
        while bits >= want:
            bits -= want
            out.append(held >> bits & (1 << want) - 1)
        held &= (1 << bits) - 1
    if pad and bits:
        out.append(held << want - bits & (1 << want) - 1)
    elif not pad and (bits >= have or held):
        raise _invalid("The LNURL is padded otherwise than BIP 173 says.")
    return out


def _bech32_check(words: list[int]) -> list[int]:
    expanded = [*(ord(sign) >> 5 for sign in "lnurl"), 0, *(ord(sign) & 31 for sign in "lnurl")]
    check = 1
    for value in (*expanded, *words, 0, 0, 0, 0, 0, 0):
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> index & 1 else 0
    return [(check ^ 1) >> 5 * (5 - index) & 31 for index in range(6)]


def _invalid(why: str) -> StrongroomError:
    return StrongroomError(Code.ADDRESS_INVALID, why)
