"""Records of VASPs: the network authority's, or nothing."""

from datetime import timedelta

import msgspec
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import MemoryKms
from strongroom.travel_rule.messages import sign_record, verify_record
from tests.travel_rule.messages.samples import ANNA, NOW


def test_a_record_is_the_network_authoritys_or_nothing() -> None:
    authority, impostor = MemoryKms().signer("network"), MemoryKms().signer("network")
    signed = sign_record(ANNA.record, authority=authority)
    assert verify_record(signed, authority_key=authority.public_key, now=NOW) == ANNA.record
    for data, key, now in (
        (signed, impostor.public_key, NOW),
        (sign_record(ANNA.record, authority=impostor), authority.public_key, NOW),
        (signed[:-1], authority.public_key, NOW),
        (signed.replace(b"A VASP Ltd.", b"B VASP Ltd."), authority.public_key, NOW),
        (signed, authority.public_key, NOW + timedelta(days=90)),
    ):
        with pytest.raises(StrongroomError) as error:
            verify_record(data, authority_key=key, now=now)
        assert error.value.code is Code.VASP_RECORD_INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"vasp_id": "18446744073709551616"},
        {"vasp_id": "007"},
        {"country": "kr"},
        {"url": "http://127.0.0.1:8443"},
        {"url": "https://user@host"},
        {"identity_key": bytes(31)},
        {"expires_at": NOW},
        {"name": ""},
        {"serial": 0},
    ],
)
def test_a_record_that_no_reader_would_take_is_not_signed(change: dict[str, object]) -> None:
    with pytest.raises(StrongroomError) as error:
        sign_record(msgspec.structs.replace(ANNA.record, **change), authority=MemoryKms().signer("network"))
    assert error.value.code is Code.VASP_RECORD_INVALID
