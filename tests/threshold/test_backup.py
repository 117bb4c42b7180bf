"""A share in a safe: sealed to an offline key, opened to be checked, restored or recovered (threshold signing 7.2)."""

import hashlib
import os
from collections.abc import Callable

import pytest
from coincurve import PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import strongroom_threshold as native
from strongroom.threshold.ecdsa import Dkls23, KeyShare, RecoveryKey, ThresholdError
from tests.threshold.ceremony import Shares, flip, overwrite, refresh, sign
from tests.threshold.test_ecdsa import PATH, derive_public

ASSOCIATED = b"sandbox/tenant/key/epoch 1/party 1"
HOLDER = bytes(range(1, 33))
HEADER_BYTES = 69
"""Magic (4), version (1), ephemeral public key (32), recovery public key (32)."""

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def back_up(share: KeyShare, *, holder: bytes = HOLDER, associated_data: bytes = ASSOCIATED) -> bytes:
    recovery_public_key = RecoveryKey.from_bytes(holder).public_key
    return share.back_up(recovery_public_key=recovery_public_key, associated_data=associated_data)


def opened(blob: bytes, *, holder: bytes = HOLDER, associated_data: bytes = ASSOCIATED) -> KeyShare:
    return Dkls23().open_backup(key=RecoveryKey.from_bytes(holder), associated_data=associated_data, blob=blob)


@pytest.fixture(scope="module")
def blob(three_of_three: Shares) -> bytes:
    return back_up(three_of_three[1])


def refusal(step: Callable[[], object]) -> ThresholdError:
    with pytest.raises(ThresholdError) as refused:
        step()
    return refused.value


def test_a_recovery_key_is_an_x25519_key() -> None:
    expected = X25519PrivateKey.from_private_bytes(HOLDER).public_key().public_bytes_raw()
    assert RecoveryKey.from_bytes(HOLDER).public_key == expected


def test_a_backup_opens_and_signs_with_the_other_shares(three_of_three: Shares, blob: bytes) -> None:
    restored = opened(blob)
    assert (restored.party, restored.transcript_hash) == (1, three_of_three[1].transcript_hash)
    digest = os.urandom(32)
    signature = sign(three_of_three | {1: restored}, signers=(1, 2, 3), digest=digest)
    assert Dkls23().verify(public_key=restored.public_key, digest=digest, signature=signature)


def test_two_backups_have_nothing_in_common(three_of_three: Shares, blob: bytes) -> None:
    again = back_up(three_of_three[1])
    assert len(again) == len(blob)
    assert again[5:37] != blob[5:37]
    assert again[HEADER_BYTES:] != blob[HEADER_BYTES:]


def test_a_backup_shows_nothing_of_the_share(three_of_three: Shares, blob: bytes) -> None:
    share = three_of_three[1]
    for fact in (share.public_key[1:], share.chain_code, share.transcript_hash):
        assert fact not in blob


@settings(max_examples=300, deadline=None)
@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_any_flipped_bit_is_refused_and_names_nobody(blob: bytes, at: int, bit: int) -> None:
    # The highest bit of an X25519 public key means nothing (RFC 7748, 5), so it is authenticated instead.
    fault = refusal(lambda: opened(flip(blob, at % len(blob), 1 << bit)))
    assert (fault.kind, fault.culprit, fault.ban) == ("malformed", None, False)


@pytest.mark.parametrize("at", range(HEADER_BYTES + 18))
def test_every_byte_of_the_header_is_checked(blob: bytes, at: int) -> None:
    for mask in (0x01, 0x80):
        assert refusal(lambda: opened(flip(blob, at, mask))).kind == "malformed"  # noqa: B023 - called at once


@settings(max_examples=60, deadline=None)
@given(junk=st.binary(max_size=200), cut=st.integers(min_value=0))
def test_junk_and_truncated_backups_are_refused(blob: bytes, junk: bytes, cut: int) -> None:
    for wrong in (junk, blob[: cut % len(blob)], blob[:HEADER_BYTES] + junk, blob + b"\x00"):
        assert refusal(lambda: opened(wrong)).kind == "malformed"  # noqa: B023 - called at once


def test_another_holder_or_another_place_is_refused(blob: bytes) -> None:
    assert "another recovery key" in str(refusal(lambda: opened(blob, holder=HOLDER[::-1])))
    assert refusal(lambda: opened(blob, associated_data=ASSOCIATED[:-1] + b"2")).kind == "malformed"


def test_a_backup_is_no_sealed_share_and_a_sealed_share_no_backup(three_of_three: Shares, blob: bytes) -> None:
    key = native.SealingKey.from_bytes(HOLDER)
    sealed = three_of_three[1].seal(key=key, associated_data=ASSOCIATED)
    assert refusal(lambda: opened(sealed)).kind == "malformed"
    inner = blob[HEADER_BYTES:]
    assert refusal(lambda: Dkls23().unseal(key=key, associated_data=ASSOCIATED, blob=inner)).kind == "malformed"


def test_another_backup_version_is_refused(blob: bytes) -> None:
    assert blob[4] == native.BACKUP_VERSION
    assert "version" in str(refusal(lambda: opened(overwrite(blob, 4, native.BACKUP_VERSION + 1))))


@pytest.mark.parametrize("recovery_public_key", [b"", bytes(31), bytes(32), b"\x01" + bytes(31), bytes(33)])
def test_a_worthless_recovery_key_is_refused(three_of_three: Shares, recovery_public_key: bytes) -> None:
    share = three_of_three[1]
    for wrong in (
        lambda: share.back_up(recovery_public_key=recovery_public_key, associated_data=b""),
        lambda: share.derive(path="m/1").back_up(recovery_public_key=HOLDER, associated_data=b""),
    ):
        assert refusal(wrong).kind == "usage"


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32), bytes(range(33))])
def test_a_recovery_key_is_32_bytes_and_not_zero(key: bytes) -> None:
    assert refusal(lambda: RecoveryKey.from_bytes(key)).kind == "usage"


def extended_key_fields(text: bytes) -> tuple[bytes, bytes, bytes]:
    """Version and zeros, chain code and private key of an xprv, decoded here (BIP-32; base58check)."""
    number = 0
    for character in text.decode():
        number = number * 58 + ALPHABET.index(character)
    data = number.to_bytes(82, "big")
    assert hashlib.sha256(hashlib.sha256(data[:78]).digest()).digest()[:4] == data[78:]
    return data[:13], data[13:45], data[45:78]


@pytest.mark.parametrize(("quorum", "parties"), [("three_of_three", (3, 1, 2)), ("two_of_three", (3, 1))])
def test_the_shares_give_the_private_key(quorum: str, parties: tuple[int, ...], request: pytest.FixtureRequest) -> None:
    shares: Shares = request.getfixturevalue(quorum)
    recovered = Dkls23().recover([shares[party] for party in parties])
    share = shares[1]
    assert (recovered.public_key, recovered.chain_code) == (share.public_key, share.chain_code)
    assert recovered.public_key_at(path=PATH) == derive_public(share.public_key, share.chain_code, PATH)[0]
    zeros, chain_code, private_key = extended_key_fields(recovered.reveal_extended_private_key())
    assert (zeros, chain_code) == (bytes.fromhex("0488ade4") + bytes(9), share.chain_code)
    assert private_key[0] == 0
    assert PrivateKey(private_key[1:]).public_key.format() == share.public_key


def test_a_refreshed_key_is_recovered_to_the_same_private_key(three_of_three: Shares) -> None:
    new = refresh(three_of_three)
    before, after = (Dkls23().recover(list(shares.values())) for shares in (three_of_three, new))
    assert before.reveal_extended_private_key() == after.reveal_extended_private_key()
    mixed = [three_of_three[1], new[2], new[3]]
    fault = refusal(lambda: Dkls23().recover(mixed))
    assert (fault.kind, str(fault)) == ("malformed", "shares of different epochs")


def test_shares_that_are_no_quorum_are_refused(three_of_three: Shares, two_of_three: Shares) -> None:
    recover = Dkls23().recover
    for number in ([], [1], [1, 2], [1, 2, 2]):
        assert refusal(lambda: recover([three_of_three[n] for n in number])).kind == "usage"  # noqa: B023
    assert refusal(lambda: recover(list(two_of_three.values()))).kind == "usage"
    foreign = [three_of_three[1], three_of_three[2], two_of_three[3]]
    assert str(refusal(lambda: recover(foreign))) == "shares of different keys"
    child = three_of_three[3].derive(path="m/1")
    assert refusal(lambda: recover([three_of_three[1], three_of_three[2], child])).kind == "malformed"
