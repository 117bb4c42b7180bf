"""Documents: one encoding, closed schemas, signatures that mean one thing."""

import contextlib
from dataclasses import replace
from typing import Any

import cbor2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.client.owner import OwnerKey, sign_document_set
from strongroom.kernel.documents.codec import Document, decode, decode_value, encode
from strongroom.kernel.documents.document_set import (
    DocumentSet,
    PolicyRule,
    parse_document_set,
    verify_document_set,
)
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import (
    MAY_SIGN,
    Kind,
    Role,
    Signed,
    check_signature,
    open_signed,
    signing_bytes,
)
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from tests.fixtures.tenant import MadeTenant, eth_test, made_key, make_tenant

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**300), 2**300) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)


class Sample(Document, frozen=True):
    number: int
    data: bytes
    words: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def tenant() -> MadeTenant:
    return make_tenant()


def refused(code: Code, data: bytes) -> None:
    with pytest.raises(StrongroomError) as caught:
        decode(data, Sample)
    assert caught.value.code is code


@given(VALUES)
def test_a_value_has_one_encoding(value: object) -> None:
    assert decode_value(encode(value)) == value


@given(st.binary(max_size=60))
def test_bytes_that_decode_encode_back_to_themselves(data: bytes) -> None:
    with contextlib.suppress(StrongroomError):
        assert encode(decode_value(data)) == data


SELF = bytes.fromhex("d81c81d81d00")
"""A list that holds itself (the tags 28 and 29 of the CBOR registry)."""


@pytest.mark.parametrize("data", [b"\xe0", b"\xf7", b"\xfb" + b"\x00" * 8, b"\xc0\x60", b"\xa1\x01\x02", SELF])
def test_types_that_documents_do_not_use_are_refused(data: bytes) -> None:
    with pytest.raises(StrongroomError) as caught:
        decode_value(data)
    assert caught.value.code is Code.DOCUMENT_MALFORMED


def test_large_integers_survive() -> None:
    sample = Sample(number=2**256 - 1, data=b"\x00" * 32, words=("a", "b"))
    assert decode(sample.encode(), Sample) == sample


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        Sample(number=1, data=b"x").encode() + b"\x00",
        bytes.fromhex("a366 6e756d626572 1801 6464617461 4178 65776f726473 80".replace(" ", "")),  # 1 in two bytes
        cbor2.dumps({"words": [], "number": 1, "data": b"x"}),  # keys out of order
        encode({"number": 1, "data": b"x", "words": [], "more": 1}),  # a name that the schema does not know
        encode({"number": 1, "data": b"x"}),  # a default left out: a second encoding of the same document
        encode({"number": 1.5, "data": b"x", "words": []}),
        encode({"number": "1", "data": b"x", "words": []}),
        b"\x9f" * 5000,
    ],
)
def test_any_other_encoding_is_refused(data: bytes) -> None:
    refused(Code.DOCUMENT_MALFORMED, data)


def test_a_document_over_one_mebibyte_is_refused() -> None:
    refused(Code.DOCUMENT_MALFORMED, Sample(number=1, data=b"x" * (1 << 20)).encode())


def test_signature_domains_differ_in_every_part() -> None:
    base: dict[str, Any] = {
        "kind": Kind.CONSENT,
        "environment": Environment.SANDBOX,
        "tenant_id": TenantId("acme"),
        "payload": b"p",
    }
    changes: list[dict[str, Any]] = [
        {},
        {"kind": Kind.TOMBSTONE},
        {"environment": Environment.LIVE},
        {"tenant_id": TenantId("acmf")},
        {"payload": b"q"},
    ]
    variants = [{**base, **change} for change in changes]
    assert len({signing_bytes(**variant) for variant in variants}) == len(variants)


def test_every_kind_belongs_to_exactly_one_role() -> None:
    kinds = [kind for role in Role for kind in MAY_SIGN[role]]
    assert sorted(kinds) == sorted(Kind)


def test_a_key_signs_only_the_kinds_of_its_role(tenant: MadeTenant) -> None:
    signed = tenant.sign(Kind.DECISION, b"payload", key=tenant.policy_engine, signer="policy_engine")
    public_key = tenant.document_set.roster.policy_engine_key
    check_signature(signed=signed, signature=signed.signatures[0], public_key=public_key, role=Role.POLICY_ENGINE)
    with pytest.raises(StrongroomError, match="does not sign"):
        check_signature(signed=signed, signature=signed.signatures[0], public_key=public_key, role=Role.OWNER)


def test_a_signature_for_another_tenant_environment_or_kind_does_not_open(tenant: MadeTenant) -> None:
    signed = tenant.sign(Kind.DECISION, b"payload", key=tenant.policy_engine, signer="policy_engine")

    def attempt(document: Signed) -> Code:
        with pytest.raises(StrongroomError) as caught:
            open_signed(
                signed=document,
                kind=Kind.DECISION,
                environment=Environment.SANDBOX,
                tenant_id=TenantId(tenant.document_set.tenant),
                public_key=tenant.document_set.roster.policy_engine_key,
                role=Role.POLICY_ENGINE,
                signer="policy_engine",
            )
        return caught.value.code

    assert attempt(msgspec.structs.replace(signed, tenant="other")) is Code.DOCUMENT_FOREIGN
    assert attempt(msgspec.structs.replace(signed, environment=Environment.LIVE)) is Code.DOCUMENT_FOREIGN
    assert attempt(msgspec.structs.replace(signed, kind=Kind.VERDICT)) is Code.DOCUMENT_SIGNATURE_INVALID
    assert attempt(msgspec.structs.replace(signed, payload=b"other")) is Code.DOCUMENT_SIGNATURE_INVALID
    assert attempt(msgspec.structs.replace(signed, signatures=signed.signatures * 2)) is Code.DOCUMENT_SIGNATURE_INVALID


def test_genesis_needs_m_of_its_owners(tenant: MadeTenant) -> None:
    assert verify_document_set(signed=tenant.signed_document_set(), current=None) == tenant.document_set
    alone = sign_document_set(tenant.document_set, tenant.owners[:1])
    twice = msgspec.structs.replace(alone, signatures=alone.signatures * 2)
    stranger = sign_document_set(tenant.document_set, (tenant.owners[0], OwnerKey.generate("mallory")))
    impostor = sign_document_set(tenant.document_set, (tenant.owners[0], OwnerKey.generate("bob")))
    for signed, code in (
        (alone, Code.DOCUMENT_QUORUM_MISSING),
        (twice, Code.DOCUMENT_QUORUM_MISSING),
        (stranger, Code.DOCUMENT_QUORUM_MISSING),
        (impostor, Code.DOCUMENT_SIGNATURE_INVALID),
    ):
        with pytest.raises(StrongroomError) as caught:
            verify_document_set(signed=signed, current=None)
        assert caught.value.code is code


def test_a_successor_is_signed_by_the_owners_before_it(tenant: MadeTenant) -> None:
    mallory = OwnerKey.generate("mallory")
    current = tenant.document_set
    following = tenant.with_document_set(version=2, previous=current.hash())
    assert verify_document_set(signed=following.signed_document_set(), current=current).version == 2
    coup = replace(
        following.with_document_set(
            owners=msgspec.structs.replace(current.owners, threshold=1, members=(mallory.member(),))
        ),
        owners=(mallory,),
    )
    with pytest.raises(StrongroomError) as caught:
        verify_document_set(signed=coup.signed_document_set(), current=current)
    assert caught.value.code is Code.DOCUMENT_QUORUM_MISSING


@pytest.mark.parametrize("changes", [{"version": 1}, {"version": 3}, {"previous": b"\x00" * 32}])
def test_rollback_gap_and_fork_are_refused(tenant: MadeTenant, changes: dict[str, Any]) -> None:
    current = tenant.document_set
    attempt = tenant.with_document_set(**{"version": 2, "previous": current.hash()} | changes)
    with pytest.raises(StrongroomError) as caught:
        verify_document_set(signed=attempt.signed_document_set(), current=current)
    assert caught.value.code is Code.DOCUMENT_VERSION_INVALID


def test_another_tenants_successor_is_foreign(tenant: MadeTenant) -> None:
    current = tenant.document_set
    attempt = tenant.with_document_set(version=2, previous=current.hash(), tenant="other")
    with pytest.raises(StrongroomError) as caught:
        verify_document_set(signed=attempt.signed_document_set(), current=current)
    assert caught.value.code is Code.DOCUMENT_FOREIGN


def broken(document: DocumentSet) -> list[tuple[DocumentSet, Code]]:
    change = msgspec.structs.replace
    roster, owners = document.roster, document.owners
    twin = change(roster.api_users[0], id="twin")
    return [
        (change(document, owners=change(owners, threshold=0)), Code.DOCUMENT_MALFORMED),
        (change(document, owners=change(owners, threshold=3)), Code.DOCUMENT_MALFORMED),
        (change(document, roster=change(roster, cosigners=roster.cosigners[:2])), Code.DOCUMENT_MALFORMED),
        (change(document, roster=change(roster, screening_key=b"short")), Code.DOCUMENT_MALFORMED),
        (change(document, roster=change(roster, screening_key=roster.policy_engine_key)), Code.KEY_REGISTERED_TWICE),
        (change(document, roster=change(roster, api_users=(*roster.api_users, twin))), Code.KEY_REGISTERED_TWICE),
        (change(document, assets=(*document.assets, eth_test())), Code.DOCUMENT_MALFORMED),
        (change(document, assets=(change(eth_test(), max_fee_units=0),)), Code.DOCUMENT_MALFORMED),
        (
            change(document, addresses=(change(document.addresses[0], address=document.addresses[0].address.lower()),)),
            Code.ADDRESS_INVALID,
        ),
        (
            change(document, policy=change(document.policy, rules=(change(_rule(document), assets=None),))),
            Code.DOCUMENT_MALFORMED,
        ),
        (
            change(document, vault_accounts=(change(document.vault_accounts[0], first=5, last=4),)),
            Code.DOCUMENT_MALFORMED,
        ),
        (change(document, assets=(change(eth_test(), chain_id=0),)), Code.DOCUMENT_MALFORMED),
        (change(document, assets=(change(eth_test(), chain_id=1 << 63),)), Code.DOCUMENT_MALFORMED),
        (change(document, request_lifetime_s=0), Code.DOCUMENT_MALFORMED),
        (change(document, request_lifetime_s=1 << 31), Code.DOCUMENT_MALFORMED),
    ]


def _rule(document: DocumentSet) -> PolicyRule:
    return document.policy.rules[0]


def test_what_types_cannot_say_is_refused(tenant: MadeTenant) -> None:
    for document, code in broken(tenant.document_set):
        with pytest.raises(StrongroomError) as caught:
            parse_document_set(document.encode())
        assert caught.value.code is code, document


def test_an_intent_is_the_same_for_everyone_who_derives_it(tenant: MadeTenant) -> None:
    request, key = tenant.request(externalTxId="rent-7"), made_key()
    intent = tenant.intent(request, key)
    assert intent == tenant.intent(request, key)
    assert decode(intent.encode(), Intent) == intent
    assert intent.id.version == 8
    assert (intent.amount_units, intent.path, intent.source_account) == (10**18, "m/44/60/0/0/0", "0")
    assert tenant.intent(tenant.request(externalTxId="rent-7"), key).transaction_id != intent.transaction_id


def test_the_fee_maximum_is_the_lower_of_request_and_asset(tenant: MadeTenant) -> None:
    assert tenant.intent(tenant.request(maxTotalFee="0.001"), made_key()).max_fee_units == 10**15
    assert tenant.intent(tenant.request(maxTotalFee="5"), made_key()).max_fee_units == 10**16


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"assetId": "DOGE"}, Code.ASSET_UNKNOWN),
        ({"source": {"type": "VAULT_ACCOUNT", "id": "100"}}, Code.VAULT_ACCOUNT_UNKNOWN),
        ({"source": {"type": "VAULT_ACCOUNT", "id": "007"}}, Code.VAULT_ACCOUNT_UNKNOWN),
        ({"source": {"type": "EXCHANGE_ACCOUNT", "id": "0"}}, Code.OPERATION_UNSUPPORTED),
        ({"operation": "RAW"}, Code.OPERATION_UNSUPPORTED),
        ({"destination": {"type": "EXTERNAL_WALLET", "id": "nobody"}}, Code.ADDRESS_INVALID),
        ({"destination": {"type": "VAULT_ACCOUNT", "id": "100"}}, Code.VAULT_ACCOUNT_UNKNOWN),
        ({"destination": {"type": "NETWORK_CONNECTION", "id": "1"}}, Code.OPERATION_UNSUPPORTED),
        ({"amount": "0"}, Code.AMOUNT_INVALID),
        ({"amount": "-1"}, Code.AMOUNT_INVALID),
        ({"amount": "1e3"}, Code.AMOUNT_INVALID),
        ({"amount": True}, Code.AMOUNT_INVALID),
        ({"amount": "0.0000000000000000001"}, Code.AMOUNT_TOO_PRECISE),
        ({"amount": str(2**256)}, Code.AMOUNT_TOO_LARGE),
        ({"maxTotalFee": "0"}, Code.FEE_INVALID),
        ({"feeLevel": "ASAP"}, Code.FEE_INVALID),
    ],
)
def test_a_bad_request_has_no_intent(tenant: MadeTenant, changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(StrongroomError) as caught:
        tenant.intent(tenant.request(**changes), made_key())
    assert caught.value.code is code


def test_a_request_to_another_place_is_no_payment(tenant: MadeTenant) -> None:
    """An SDK signs the whole transfer to ask what it would cost."""
    with pytest.raises(StrongroomError) as caught:
        tenant.intent(tenant.request(uri="/v1/transactions/estimate_fee"), made_key())
    assert caught.value.code is Code.TOKEN_URI_MISMATCH
