"""A handoff and its certificate chain as gRPC metadata."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.pki import Chain
from strongroom.runtime.rpc.jws import decode_segment, encode_segment

HANDOFF_KEY: Final = "x-handoff"
CHAIN_KEY: Final = "x-handoff-chain"
_CHAIN_MAX: Final = 8 * 1024


@lru_cache(maxsize=256)
def encode_chain(chain: Chain) -> str:
    """Leaf and intermediate in base64url, joined by a dot."""
    return ".".join(encode_segment(link) for link in chain)


@lru_cache(maxsize=256)
def decode_chain(text: str) -> Chain:
    """What ``encode_chain`` wrote; ``HANDOFF_INVALID`` for anything else."""
    links = text.split(".")
    if len(links) != 2 or len(text) > _CHAIN_MAX:
        raise StrongroomError(Code.HANDOFF_INVALID, "the certificate chain is malformed")
    try:
        return decode_segment(links[0]), decode_segment(links[1])
    except ValueError:
        raise StrongroomError(Code.HANDOFF_INVALID, "the certificate chain is malformed") from None


def read_handoff_metadata(metadata: Iterable[tuple[str, str | bytes]]) -> tuple[str, Chain]:
    """Token and chain of a received call; ``HANDOFF_INVALID`` unless each is there exactly once."""
    found = [(key, value) for key, value in metadata if key in {HANDOFF_KEY, CHAIN_KEY}]
    given = dict(found)
    token, chain = given.get(HANDOFF_KEY), given.get(CHAIN_KEY)
    if len(found) != 2 or not isinstance(token, str) or not isinstance(chain, str):
        raise StrongroomError(Code.HANDOFF_INVALID, "the call carries no handoff")
    return token, decode_chain(chain)
