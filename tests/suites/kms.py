"""What every implementation of the port ``Kms`` does: subclass, and make one with ``new_kms``."""

import copy
import pickle

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import Kms


class KmsSuite:
    """The suite."""

    @pytest.fixture
    def kms(self) -> Kms:
        raise AssertionError("an implementation overrides this fixture")

    def test_a_signature_verifies_under_the_public_key_and_no_other(self, kms: Kms) -> None:
        signer = kms.signer("documents")
        signature = signer.sign(b"data")
        assert (len(signer.public_key), len(signature)) == (32, 64)
        Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signature, b"data")
        other = Ed25519PublicKey.from_public_bytes(kms.signer("other").public_key)
        with pytest.raises(InvalidSignature):
            other.verify(signature, b"data")

    def test_a_name_keeps_its_key(self, kms: Kms) -> None:
        assert kms.signer("documents").public_key == kms.signer("documents").public_key
        assert kms.sealing_key("shares").reveal() == kms.sealing_key("shares").reveal()

    def test_keys_are_apart_by_name_and_by_use(self, kms: Kms) -> None:
        secrets = {kms.sealing_key(name).reveal() for name in ("a", "b")}
        assert len(secrets) == 2
        assert {len(secret) for secret in secrets} == {32}
        seed = kms.sealing_key("documents").reveal()
        signature = kms.signer("documents").sign(b"data")
        from_sealing = ed25519_public_key(seed)
        assert from_sealing != kms.signer("documents").public_key
        assert signature

    @pytest.mark.parametrize(
        "name", ["", "A", "a/b", "../a", "a.b", "-a", "a-", "a--b", "1a", "a\n", "a" * 64, "a\x00b", "é"]
    )
    def test_a_name_that_is_not_plain_is_refused(self, kms: Kms, name: str) -> None:
        for use in (kms.signer, kms.sealing_key):
            with pytest.raises(StrongroomError) as caught:
                use(name)
            assert caught.value.code is Code.CONFIG_INVALID

    def test_a_secret_does_not_show_itself(self, kms: Kms) -> None:
        key = kms.sealing_key("shares")
        assert "hidden" in repr(key)
        assert key.reveal().hex() not in f"{key!r} {key!s} {kms!r} {kms.signer('documents')!r}"
        for leak in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                leak(key)

    def test_it_says_what_protects_the_keys(self, kms: Kms) -> None:
        assert kms.kind == "software"


def ed25519_public_key(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
