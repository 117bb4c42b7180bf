from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import Kms, MemoryKms, SoftwareAttestor, SoftwareKms
from tests.suites.kms import KmsSuite


class TestMemoryKms(KmsSuite):
    @pytest.fixture
    def kms(self) -> Kms:
        return MemoryKms()


class TestSoftwareKms(KmsSuite):
    @pytest.fixture
    def kms(self, tmp_path: Path) -> Kms:
        return SoftwareKms(tmp_path / "keys")

    def test_keys_outlive_the_process_in_files_of_their_own(self, tmp_path: Path) -> None:
        first = SoftwareKms(tmp_path / "keys")
        public_key, secret = first.signer("a").public_key, first.sealing_key("b").reveal()
        second = SoftwareKms(tmp_path / "keys")
        assert (second.signer("a").public_key, second.sealing_key("b").reveal()) == (public_key, secret)
        files = sorted((tmp_path / "keys").iterdir())
        assert [file.name for file in files] == ["a.signing", "b.sealing"]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
        assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700

    def test_two_that_make_a_key_at_once_get_the_same_one(self, tmp_path: Path) -> None:
        kms = [SoftwareKms(tmp_path / "keys") for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            for name in ("a", "b", "c", "d"):
                made = [pool.submit(one.signer, name) for one in kms]
                assert len({future.result().public_key for future in made}) == 1

    @pytest.mark.parametrize("damage", [b"", b"\x00" * 31, b"\x00" * 33])
    def test_a_damaged_key_file_is_refused_not_replaced(self, tmp_path: Path, damage: bytes) -> None:
        kms = SoftwareKms(tmp_path)
        kms.signer("a")
        (tmp_path / "a.signing").write_bytes(damage)
        with pytest.raises(StrongroomError) as caught:
            kms.signer("a")
        assert caught.value.code is Code.STATE_DAMAGED
        assert (tmp_path / "a.signing").read_bytes() == damage

    def test_a_key_file_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        kms = SoftwareKms(tmp_path)
        kms.sealing_key("a")
        (tmp_path / "a.sealing").chmod(0o640)
        with pytest.raises(StrongroomError) as caught:
            kms.sealing_key("a")
        assert caught.value.code is Code.STATE_DAMAGED


def test_the_software_attestor_claims_no_enclave() -> None:
    attestation = SoftwareAttestor().attestation("policy_engine")
    assert (attestation["kind"], attestation["service"]) == ("software", "policy_engine")
    assert "No enclave" in attestation["statement"]
