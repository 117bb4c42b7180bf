"""Shares are opaque, and sealed inside Rust (threshold signing 5.3, rule 10)."""

import copy
import os
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strongroom_threshold as native
from strongroom.threshold.ecdsa import Dkls23, KeyShare, RecoveryKey, SealingKey, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import Shares, flip, overwrite, sign

KEY = bytes(range(32))
ASSOCIATED = b"sandbox/tenant/key/epoch 1/party 1"
BLOB_HEADER_BYTES = 6

PUBLIC_FACTS = {"party", "threshold", "parties", "public_key", "chain_code", "transcript_hash"}


def unseal(blob: bytes, *, key: bytes = KEY, associated_data: bytes = ASSOCIATED) -> KeyShare:
    return Dkls23().unseal(key=SealingKey.from_bytes(key), associated_data=associated_data, blob=blob)


@pytest.fixture(scope="module")
def blob(two_of_three: Shares) -> bytes:
    return two_of_three[1].seal(key=SealingKey.from_bytes(KEY), associated_data=ASSOCIATED)


def refusal(step: Callable[[], object]) -> ThresholdError:
    with pytest.raises(ThresholdError) as refused:
        step()
    return refused.value


def test_rule_10_a_sealed_share_opens_and_signs(two_of_three: Shares, blob: bytes) -> None:
    opened = unseal(blob)
    digest = os.urandom(32)
    signature = sign({1: opened, 2: two_of_three[2]}, signers=(1, 2), digest=digest)
    assert Dkls23().verify(public_key=two_of_three[1].public_key, digest=digest, signature=signature)
    for fact in PUBLIC_FACTS:
        assert getattr(opened, fact) == getattr(two_of_three[1], fact)


def test_rule_10_sealing_twice_gives_two_blobs(two_of_three: Shares, blob: bytes) -> None:
    again = two_of_three[1].seal(key=SealingKey.from_bytes(KEY), associated_data=ASSOCIATED)
    assert again != blob
    assert len(again) == len(blob)


def test_rule_10_the_blob_shows_nothing_of_the_share(two_of_three: Shares, blob: bytes) -> None:
    share = two_of_three[1]
    for fact in (share.public_key, share.chain_code, share.transcript_hash):
        assert fact not in blob
        assert fact[1:] not in blob


@settings(max_examples=300, deadline=None)
@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_rule_10_any_flipped_bit_is_refused_and_names_nobody(blob: bytes, at: int, bit: int) -> None:
    fault = refusal(lambda: unseal(flip(blob, at % len(blob), 1 << bit)))
    assert (fault.kind, fault.culprit, fault.ban) == ("malformed", None, False)


@settings(max_examples=100, deadline=None)
@given(junk=st.binary(max_size=200), cut=st.integers(min_value=0))
def test_rule_10_junk_and_truncated_blobs_are_refused(blob: bytes, junk: bytes, cut: int) -> None:
    for wrong in (junk, blob[: cut % len(blob)], blob[:BLOB_HEADER_BYTES] + junk, blob + b"\x00"):
        assert refusal(lambda: unseal(wrong)).kind == "malformed"  # noqa: B023 - called at once


@pytest.mark.parametrize(
    ("key", "associated_data"),
    [(KEY[::-1], ASSOCIATED), (KEY, ASSOCIATED[:-1] + b"2"), (KEY, b""), (KEY, ASSOCIATED * 2)],
    ids=["key", "party", "none", "longer"],
)
def test_rule_10_another_key_or_associated_data_is_refused(blob: bytes, key: bytes, associated_data: bytes) -> None:
    fault = refusal(lambda: unseal(blob, key=key, associated_data=associated_data))
    assert (fault.kind, fault.culprit) == ("malformed", None)


def test_rule_14_another_blob_version_is_refused(blob: bytes) -> None:
    assert blob[4] == native.BLOB_VERSION
    assert "version" in str(refusal(lambda: unseal(overwrite(blob, 4, native.BLOB_VERSION + 1))))


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), bytes(range(33))])
def test_a_sealing_key_is_32_bytes_and_not_zero(key: bytes) -> None:
    assert refusal(lambda: SealingKey.from_bytes(key)).kind == "usage"


def test_a_sealing_key_may_come_in_a_buffer_that_the_caller_wipes(blob: bytes, two_of_three: Shares) -> None:
    buffer = bytearray(KEY)
    key = SealingKey.from_bytes(buffer)
    buffer[:] = bytes(32)
    opened = Dkls23().unseal(key=key, associated_data=ASSOCIATED, blob=blob)
    assert opened.public_key == two_of_three[1].public_key


def test_only_the_root_share_is_sealed(two_of_three: Shares) -> None:
    child = two_of_three[1].derive(path="m/1")
    assert refusal(lambda: child.seal(key=SealingKey.from_bytes(KEY), associated_data=b"")).kind == "usage"


def secrets(shares: Shares) -> list[object]:
    return [
        shares[1],
        native.EcdsaShare.unseal(
            SealingKey.from_bytes(KEY),
            b"",
            shares[1].seal(key=SealingKey.from_bytes(KEY), associated_data=b""),
        ),
        SealingKey.from_bytes(KEY),
        ceremony.sign_sessions(shares, signers=(1, 2))[1],
        ceremony.keygen_sessions(threshold=2, parties=2)[1],
        native.EcdsaKeygen(2, 2, 1, os.urandom(32)),
        shares[1].refresh(epoch=2, refresh_id=os.urandom(32)),
        native.EcdsaRefresh(shares[1].opaque, 2, os.urandom(32)),
        RecoveryKey.from_bytes(KEY),
        Dkls23().recover([shares[1], shares[3]]),
        native.EcdsaRecovery.from_shares([shares[1].opaque, shares[2].opaque]),
    ]


def test_secrets_are_neither_copied_nor_pickled(two_of_three: Shares) -> None:
    for secret in secrets(two_of_three):
        for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                attempt(secret)


def test_secrets_do_not_print_themselves(two_of_three: Shares) -> None:
    for secret in secrets(two_of_three):
        for text in (repr(secret), str(secret), f"{secret}"):
            assert len(text) < 100
            assert two_of_three[1].chain_code.hex() not in text


def public_names(shown: type) -> set[str]:
    return {name for name in dir(shown) if not name.startswith("_")}


def test_a_share_shows_public_facts_and_nothing_else() -> None:
    assert public_names(native.EcdsaShare) == PUBLIC_FACTS | {"back_up", "derive", "open_backup", "seal", "unseal"}
    assert public_names(KeyShare) == PUBLIC_FACTS | {"back_up", "derive", "opaque", "refresh", "seal", "sign"}
    for session in (native.EcdsaSign, native.EcdsaKeygen, native.EcdsaRefresh):
        assert public_names(session) == {"round", "step"}
    assert public_names(SealingKey) == {"from_bytes"}
    assert public_names(RecoveryKey) == {"from_bytes", "public_key"}
