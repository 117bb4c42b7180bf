"""Envelopes: those that TRISA published open, ours open for their reader alone, and nothing else does."""

import base64
import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import SeededEntropy
from strongroom.travel_rule.enclave.domain.verifications import Reason
from strongroom.travel_rule.trisa.envelope import (
    ENVELOPE_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    Envelope,
    parse_envelope,
    refuse,
    write_envelope,
)
from strongroom.travel_rule.trisa.keys import parse_private_key, parse_public_key, public_key_signature
from strongroom.travel_rule.trisa.problems import NUMBERS, code_of, is_denial, reason_of
from strongroom.travel_rule.trisa.sealing import open_envelope, open_unsealed, seal
from tests.travel_rule.trisa.envelopes import AT, FOLDER, ID, own_key, published_key, sealed

replace = msgspec.structs.replace
PARTS = st.sampled_from(("payload", "hmac", "encryption_key", "hmac_secret"))


def published(name: str) -> Envelope:
    return parse_envelope((FOLDER / f"{name}_envelope.json").read_bytes())


def refused(code: Code, envelope: Envelope) -> StrongroomError:
    with pytest.raises(StrongroomError) as refusal:
        open_envelope(envelope, key=own_key())
    assert refusal.value.code is code
    return refusal.value


def test_the_published_envelope_opens_with_the_published_key() -> None:
    envelope = published("sealed")
    assert envelope.public_key_signature == public_key_signature(published_key().public_key())
    assert b"BobVASP Compliance Review" in open_envelope(envelope, key=published_key())


def test_an_unsealed_envelope_opens_without_a_key_and_never_as_a_sealed_one() -> None:
    envelope = published("unsealed")
    assert open_unsealed(envelope) == b""
    assert "not sealed" in refused(Code.TRAVEL_RULE_MESSAGE_INVALID, envelope).detail
    with pytest.raises(StrongroomError):
        open_unsealed(published("sealed"))


def test_an_error_envelope_says_why() -> None:
    problem = published("error").error
    assert problem is not None
    assert (problem.code, problem.retry) == ("COMPLIANCE_CHECK_FAIL", False)
    assert problem.code in NUMBERS


@pytest.mark.parametrize("name", ["sealed", "unsealed", "error"])
def test_written_again_it_is_the_same_json(name: str) -> None:
    assert json.loads(write_envelope(published(name))) == json.loads((FOLDER / f"{name}_envelope.json").read_bytes())


@given(st.binary(max_size=2000), st.text(min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_what_is_sealed_opens_after_a_journey_as_json(payload: bytes, seed: str) -> None:
    envelope = parse_envelope(write_envelope(sealed(payload, seed)))
    assert open_envelope(envelope, key=own_key()) == payload
    assert (envelope.id, envelope.sealed, envelope.timestamp) == (ID, True, AT.isoformat())


def test_two_keys_are_sent_and_neither_is_used_twice() -> None:
    keys = [sealed(b"x", str(number)) for number in range(5)]
    for envelope in keys:
        assert envelope.encryption_key != envelope.hmac_secret
        assert len(envelope.payload) == 1 + 16 + 12
    assert len({envelope.payload for envelope in keys}) == 5


def unwrapped(envelope: Envelope) -> tuple[bytes, bytes]:
    """Both keys, as their reader unwraps them, without any of the product's code."""
    padding = OAEP(mgf=MGF1(SHA512()), algorithm=SHA512(), label=None)
    return own_key().decrypt(envelope.encryption_key, padding), own_key().decrypt(envelope.hmac_secret, padding)


def test_the_keys_inside_differ_and_the_mac_covers_ciphertext_tag_and_nonce() -> None:
    envelope = sealed(b"payload")
    key, secret = unwrapped(envelope)
    assert key != secret
    assert hmac.digest(secret, envelope.payload, hashlib.sha256) == envelope.hmac


@given(
    st.sampled_from(("payload", "hmac", "encryption_key", "hmac_secret")), st.integers(0, 10_000), st.integers(1, 255)
)
@settings(max_examples=60, deadline=None)
def test_a_changed_byte_anywhere_is_refused_and_says_no_more(field: str, at: int, change: int) -> None:
    envelope = sealed(b"a payload of some length")
    value: bytes = getattr(envelope, field)
    at %= len(value)
    changed = value[:at] + bytes([value[at] ^ change]) + value[at + 1 :]
    error = refused(Code.TRAVEL_RULE_MESSAGE_INVALID, replace(envelope, **{field: changed}))
    assert error.detail == "The envelope cannot be opened."


@given(PARTS, st.integers(0, 600))
@settings(max_examples=40, deadline=None)
def test_a_truncated_part_is_refused(field: str, kept: int) -> None:
    envelope = sealed(b"a payload of some length")
    value: bytes = getattr(envelope, field)
    shorter = replace(envelope, **{field: value[: kept % len(value)]})
    assert refused(Code.TRAVEL_RULE_MESSAGE_INVALID, shorter).detail == "The envelope cannot be opened."


def test_a_mac_that_fits_does_not_make_a_forged_payload_open() -> None:
    envelope = sealed(b"payload")
    _, secret = unwrapped(envelope)
    for forged in (envelope.payload[::-1], b"", b"short", envelope.payload + b"\0"):
        remade = replace(envelope, payload=forged, hmac=hmac.digest(secret, forged, hashlib.sha256))
        refused(Code.TRAVEL_RULE_MESSAGE_INVALID, remade)


def test_the_mac_is_checked_before_anything_is_decrypted() -> None:
    envelope = sealed(b"payload")
    other = sealed(b"another", "other")
    refused(Code.TRAVEL_RULE_MESSAGE_INVALID, replace(envelope, hmac=other.hmac, hmac_secret=other.hmac_secret))


@pytest.mark.parametrize(
    "changes",
    [
        {"encryption_algorithm": "AES128-GCM"},
        {"encryption_algorithm": ""},
        {"hmac_algorithm": "HMAC-SHA1"},
        {"hmac_algorithm": "none"},
        {"sealed": False},
    ],
)
def test_no_other_algorithm_is_taken(changes: dict[str, Any]) -> None:
    refused(Code.TRAVEL_RULE_MESSAGE_INVALID, replace(sealed(b"payload"), **changes))


def test_an_envelope_for_another_key_is_told_apart() -> None:
    with pytest.raises(StrongroomError) as misdirected:
        open_envelope(sealed(b"payload"), key=published_key())
    assert misdirected.value.code is Code.TRAVEL_RULE_MESSAGE_MISDIRECTED
    nameless = replace(sealed(b"payload"), public_key_signature="")
    assert open_envelope(nameless, key=own_key()) == b"payload"
    with pytest.raises(StrongroomError) as refusal:
        open_envelope(nameless, key=published_key())
    assert refusal.value.code is Code.TRAVEL_RULE_MESSAGE_INVALID


def test_too_large_a_payload_is_not_sealed() -> None:
    sealed(b"x" * (PAYLOAD_BYTES_MAX - 28))
    with pytest.raises(StrongroomError):
        sealed(b"x" * (PAYLOAD_BYTES_MAX - 27))


GOOD = json.loads((FOLDER / "sealed_envelope.json").read_bytes())
ERROR = json.loads((FOLDER / "error_envelope.json").read_bytes())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"[" * 5000,
        b"\xff",
        b" " * (ENVELOPE_BYTES_MAX + 1),
        json.dumps({**GOOD, "id": ""}).encode(),
        json.dumps({**GOOD, "id": "x" * 101}).encode(),
        json.dumps({**GOOD, "payload": "not base64!"}).encode(),
        json.dumps({**GOOD, "payload": base64.b64encode(b"x" * (PAYLOAD_BYTES_MAX + 1)).decode()}).encode(),
        json.dumps({**GOOD, "timestamp": "yesterday"}).encode(),
        json.dumps({**GOOD, "timestamp": ""}).encode(),
        json.dumps({**GOOD, "sealed": "yes"}).encode(),
        json.dumps({**GOOD, "error": ERROR["error"]}).encode(),
        json.dumps({**ERROR, "error": None}).encode(),
        json.dumps({**ERROR, "error": {**ERROR["error"], "code": "<script>"}}).encode(),
        json.dumps({**ERROR, "error": {**ERROR["error"], "message": "x" * 2001}}).encode(),
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(StrongroomError) as refusal:
        parse_envelope(body)
    assert refusal.value.code is Code.TRAVEL_RULE_MESSAGE_INVALID


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(StrongroomError):
        parse_envelope(body)


@pytest.mark.parametrize(("reason", "code"), [("UNKNOWN-ADDRESS", "UNKNOWN_WALLET_ADDRESS"), ("NEW", "REJECTED")])
def test_a_denied_verification_becomes_an_error_of_trisa(reason: str, code: str) -> None:
    envelope = refuse(envelope_id=ID, code=code_of(reason), message="No.", at=AT)
    again = parse_envelope(write_envelope(envelope)).error
    assert again is not None
    assert (again.code, again.message, again.retry) == (code, "No.", False)


def test_lack_of_information_may_be_mended() -> None:
    problem = refuse(envelope_id=ID, code=code_of("LACK-OF-INFORMATION"), message="Say more.", at=AT).error
    assert problem is not None
    assert (problem.code, problem.retry) == ("INCOMPLETE_IDENTITY", True)


def test_codes_are_read_back_as_the_reasons_they_stand_for() -> None:
    for reason in set(Reason) - {Reason.REQUEST_TIMEOUT}:
        code = code_of(reason.value)
        assert is_denial(code)
        assert reason_of(code, reason.value) == reason.value
    assert reason_of("COMPLIANCE_CHECK_FAIL", "Planted words.") == "UNDEFINED-ERROR"  # which of two reasons is not said
    assert not any(is_denial(code) for code in ("UNAVAILABLE", "INVALID_KEY", "INTERNAL_ERROR", "NEWER"))


def test_keys_in_every_form_they_come_in() -> None:
    key = own_key()
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        pem = key.private_bytes(Encoding.PEM, form, NoEncryption())
        assert parse_private_key(pem).private_numbers() == key.private_numbers()
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert parse_public_key(pem).public_numbers() == public.public_numbers()
    envelope = seal(b"x", recipient=parse_public_key(pem), envelope_id=ID, at=AT, entropy=SeededEntropy())
    assert open_envelope(envelope, key=key) == b"x"


BROKEN = (FOLDER / "sealing_key.pem").read_bytes()


@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", BROKEN[:1000], BROKEN.replace(b"MIIJQ", b"MIIJR"), BROKEN.replace(b"RSA ", b"EC ")]
)
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    for parse in (parse_private_key, parse_public_key):
        with pytest.raises(StrongroomError) as refusal:
            parse(pem)
        assert refusal.value.code is Code.CONFIG_INVALID
