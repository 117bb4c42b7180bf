"""Ways to spoil a message. Most keep the header, so that the body reaches decoding and the protocol's own checks."""

import dataclasses
from collections.abc import Callable
from random import Random

from tests.threshold.ceremony import HEADER_BYTES


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The message to spoil, and what an attacker may have at hand."""

    message: bytes
    own: bytes
    """What the receiver itself sent in this round."""
    foreign: bytes
    """The same sender's message of the same round of another ceremony."""
    earlier: bytes
    """The same sender's message of the round before, or of the other ceremony in round 1."""


Mutation = Callable[[Random, Material], bytes]


def under_header(material: Material, body: bytes) -> bytes:
    return material.message[:HEADER_BYTES] + body


def flip_bits(random: Random, material: Material, *, first: int, last: int, count: int) -> bytes:
    changed = bytearray(material.message)
    for _ in range(count):
        changed[random.randrange(first, last)] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_anywhere(random: Random, material: Material) -> bytes:
    return flip_bits(random, material, first=0, last=len(material.message), count=1)


def flip_header(random: Random, material: Material) -> bytes:
    return flip_bits(random, material, first=0, last=HEADER_BYTES, count=1)


def flip_body(random: Random, material: Material) -> bytes:
    return flip_bits(random, material, first=HEADER_BYTES, last=len(material.message), count=1)


def flip_body_much(random: Random, material: Material) -> bytes:
    return flip_bits(random, material, first=HEADER_BYTES, last=len(material.message), count=random.randrange(2, 40))


def flip_body_start(random: Random, material: Material) -> bytes:
    last = min(len(material.message), HEADER_BYTES + 300)
    return flip_bits(random, material, first=HEADER_BYTES, last=last, count=1)


def flip_body_end(random: Random, material: Material) -> bytes:
    """Scalars, points, seeds and salts sit at the ends, bulk in the middle."""
    first = max(HEADER_BYTES, len(material.message) - 300)
    return flip_bits(random, material, first=first, last=len(material.message), count=1)


def fill(random: Random, material: Material, value: int) -> bytes:
    changed = bytearray(material.message)
    at = random.randrange(HEADER_BYTES, len(changed))
    length = min(random.choice((1, 4, 32, 33, 64)), len(changed) - at)
    changed[at : at + length] = bytes([value]) * length
    return bytes(changed)


def fill_zero(random: Random, material: Material) -> bytes:
    return fill(random, material, 0)


def fill_ones(random: Random, material: Material) -> bytes:
    return fill(random, material, 255)


def swap_runs(random: Random, material: Material) -> bytes:
    """Two runs of the body change places: lengths stay right, values do not."""
    body = bytearray(material.message[HEADER_BYTES:])
    length = min(random.choice((32, 33)), len(body) // 2)
    first = random.randrange(len(body) - 2 * length + 1)
    second = random.randrange(first + length, len(body) - length + 1)
    one, two = body[first : first + length], body[second : second + length]
    body[first : first + length], body[second : second + length] = two, one
    return under_header(material, bytes(body))


def graft_foreign(random: Random, material: Material) -> bytes:
    """A run of the same place of another ceremony."""
    body, foreign = bytearray(material.message[HEADER_BYTES:]), material.foreign[HEADER_BYTES:]
    at = random.randrange(len(body))
    length = random.choice((1, 32, 64, 1024))
    body[at : at + length] = foreign[at : at + length]
    return under_header(material, bytes(body))


def truncate(random: Random, material: Material) -> bytes:
    return material.message[: random.randrange(len(material.message))]


def extend(random: Random, material: Material) -> bytes:
    return material.message + random.randbytes(random.randrange(1, 64))


def garbage_body(random: Random, material: Material) -> bytes:
    return under_header(material, random.randbytes(len(material.message) - HEADER_BYTES))


def replay_foreign(_random: Random, material: Material) -> bytes:
    return material.foreign


def foreign_body(_random: Random, material: Material) -> bytes:
    return under_header(material, material.foreign[HEADER_BYTES:])


def replay_earlier(_random: Random, material: Material) -> bytes:
    return material.earlier


def reflect(_random: Random, material: Material) -> bytes:
    return material.own


def reflect_body(_random: Random, material: Material) -> bytes:
    return under_header(material, material.own[HEADER_BYTES:])


def reflect_body_rerouted(_random: Random, material: Material) -> bytes:
    """Our own body with its inner sender and receiver turned round (the first two bytes of a signing body)."""
    own = material.own[HEADER_BYTES:]
    return under_header(material, bytes((own[1], own[0])) + own[2:])


MUTATIONS: tuple[Mutation, ...] = (
    flip_body,
    flip_body,
    flip_body_much,
    flip_body_start,
    flip_body_end,
    fill_zero,
    fill_ones,
    swap_runs,
    graft_foreign,
    foreign_body,
    reflect_body,
    reflect_body_rerouted,
    flip_anywhere,
    flip_header,
    truncate,
    extend,
    garbage_body,
    replay_foreign,
    replay_earlier,
    reflect,
)
