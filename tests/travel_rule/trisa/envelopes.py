"""TRISA's published envelopes and their key, and a key of our own."""

from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from strongroom.runtime.entropy import SeededEntropy
from strongroom.travel_rule.trisa.envelope import Envelope
from strongroom.travel_rule.trisa.keys import parse_private_key
from strongroom.travel_rule.trisa.sealing import seal
from tools.generators import ROOT

FOLDER = ROOT / "tests" / "data" / "trisa_envelope"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
ID = "1e7bb3cc-53ff-41b8-870f-4c22110e6f04"


@cache
def published_key() -> RSAPrivateKey:
    return parse_private_key((FOLDER / "sealing_key.pem").read_bytes())


@cache
def own_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def sealed(payload: bytes, seed: str = "seed") -> Envelope:
    return seal(payload, recipient=own_key().public_key(), envelope_id=ID, at=AT, entropy=SeededEntropy(seed))
