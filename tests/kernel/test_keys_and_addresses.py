"""Addresses and derivation, against BIP-32's and EIP-55's own vectors and an independent library."""

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.addresses import address_bytes, checksum_address, parse_evm_address
from strongroom.kernel.derivation import derivation_path, derive_public_key, evm_address, parse_path
from strongroom.kernel.errors import Code, StrongroomError

# BIP-32, test vector 2: chain m and chain m/0, the public parts of the printed xpubs
PARENT = "03cbcaa9c98c877a26977d00825c956a238e8dddfbd322cce4f74b0b5bd6ace4a7"
PARENT_CODE = "60499f801b896d83179a4374aeb7822aaeaceaa0db1f85ee3e904c4defbd9689"
CHILD = "02fc9e5af0ac8d9b3cecfe2a888e2117ba3d089d8585886c9c826b6b22a98d12ea"


def test_bip32_vector_2() -> None:
    child = derive_public_key(public_key=bytes.fromhex(PARENT), chain_code=bytes.fromhex(PARENT_CODE), path="m/0")
    assert child.hex() == CHILD


def test_the_address_of_the_key_one() -> None:
    generator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    assert evm_address(bytes.fromhex(generator)) == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"


@given(st.binary(min_size=20, max_size=20))
def test_checksums_agree_with_an_independent_library(raw: bytes) -> None:
    checked = checksum_address(raw)
    assert checked == to_checksum_address(raw)
    assert parse_evm_address(checked.lower()) == checked
    assert address_bytes(checked) == raw


@pytest.mark.parametrize(
    "text",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD".replace("5aA", "5AA"),  # EIP-55 example with one letter flipped
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0",
        "0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
        "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaeg",
        " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "",
    ],
)
def test_a_bad_address_is_refused(text: str) -> None:
    with pytest.raises(StrongroomError) as caught:
        parse_evm_address(text)
    assert caught.value.code is Code.ADDRESS_INVALID


@pytest.mark.parametrize("path", ["", "m", "m/", "44/60", "m/44'/60", "m/-1", "m/2147483648", "m/1/", "m/x", "m/٣"])
def test_a_bad_path_is_refused(path: str) -> None:
    with pytest.raises(StrongroomError) as caught:
        parse_path(path)
    assert caught.value.code is Code.REQUEST_INVALID


def test_paths_read_back() -> None:
    assert parse_path(derivation_path(coin_type=60, vault_account=7, index=3)) == (44, 60, 7, 0, 3)
