"""The original request: what is signed is what was sent, byte for byte."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from strongroom.kernel.documents.request import parse_transaction_request, verify_request
from strongroom.kernel.errors import Code, StrongroomError
from tests.fixtures.tenant import API_USER, OTHER_API_USER, Request, make_tenant, transfer_body

TENANT = make_tenant()


def public_pem() -> bytes:
    key = load_der_public_key(API_USER.public_key_der())
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def verdict(
    request: Request, *, uri: str | None = None, body: bytes | None = None, token: str | None = None
) -> Code | None:
    try:
        verify_request(
            token=token or request.token,
            body=request.body if body is None else body,
            uri=uri or request.uri,
            public_key_der=API_USER.public_key_der(),
        )
    except StrongroomError as error:
        return error.code
    return None


def test_a_signed_request_is_accepted_and_an_independent_library_agrees() -> None:
    request = TENANT.request()
    assert verdict(request) is None
    claims = jwt.decode(
        request.token, public_pem(), algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert claims["uri"] == request.uri


def test_another_uri_body_or_signer_is_refused() -> None:
    request = TENANT.request()
    assert verdict(request, uri="/v1/transactions?x=1") is Code.TOKEN_URI_MISMATCH
    assert verdict(request, body=request.body + b" ") is Code.TOKEN_BODY_MISMATCH
    assert verdict(TENANT.request(credentials=OTHER_API_USER)) is Code.TOKEN_SIGNATURE_INVALID


def test_a_token_of_another_algorithm_is_refused() -> None:
    claims = {"uri": "/", "nonce": "1", "iat": 1, "exp": 2, "sub": "x", "bodyHash": ""}
    none = jwt.encode(claims, "", algorithm="none")
    shared = jwt.encode(claims, "k" * 32, algorithm="HS256")
    assert {verdict(TENANT.request(), token=token) for token in (none + "AA", shared)} == {Code.TOKEN_MALFORMED}


@pytest.mark.parametrize("mangle", ["", "a.b", "a.b.c", "a.b.c.d", "....", "é.é.é"])
def test_what_is_no_token_is_malformed(mangle: str) -> None:
    assert verdict(TENANT.request(), token=mangle or "x") is Code.TOKEN_MALFORMED


def test_a_second_spelling_of_the_signature_is_refused() -> None:
    request = TENANT.request()
    head, signature = request.token.rsplit(".", 1)
    assert len(base64.urlsafe_b64decode(signature + "==")) == 256
    last = signature[-1]
    twin = next(
        c
        for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if c != last and (ord(c) ^ ord(last)) < 4
    )
    assert verdict(request, token=f"{head}.{signature[:-1]}{twin}") in {
        Code.TOKEN_MALFORMED,
        Code.TOKEN_SIGNATURE_INVALID,
    }
    assert verdict(request, token=f"{request.token}=") is Code.TOKEN_MALFORMED


@pytest.mark.parametrize("claim", ["uri", "nonce", "iat", "exp", "sub", "bodyHash"])
def test_every_claim_is_needed(claim: str) -> None:
    request = TENANT.request()
    claims = jwt.decode(request.token, options={"verify_signature": False})
    del claims[claim]
    assert (
        verdict(request, token=jwt.encode(claims, API_USER.private_key_pem(), algorithm="RS256"))
        is Code.TOKEN_MALFORMED
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"assetId": NaN}',
        b"\xff\xfe",
        b'{"assetId": "A", "assetId": "B"}',
        b"[" * 100_000,
        b'{"note": "' + b'\\\\"' * 3 + b'", "x": ' + b'{"a":' * 40 + b"1" + b"}" * 41,
        json.dumps(transfer_body(source=None)).encode(),
        json.dumps(transfer_body(assetId=7)).encode(),
        json.dumps(transfer_body(note="x" * 2000)).encode(),
        json.dumps(transfer_body(note="\x00")).encode(),
        json.dumps(transfer_body(externalTxId="invoice \ud800")).encode(),
        json.dumps(transfer_body(note="x" * 300_000)).encode(),
    ],
)
def test_a_body_of_another_shape_is_refused(body: bytes) -> None:
    with pytest.raises(StrongroomError) as caught:
        parse_transaction_request(body)
    assert caught.value.code is Code.REQUEST_INVALID


@pytest.mark.parametrize("piece", ['"[{', "\\[", '\\"[[', "[{"])
def test_brackets_in_a_text_are_no_depth(piece: str) -> None:
    assert parse_transaction_request(json.dumps(transfer_body(note=piece * 200)).encode()).note == piece * 200


def test_a_deeply_nested_token_is_malformed() -> None:
    deep = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 3000).rstrip(b"=").decode()
    assert verdict(TENANT.request(), token=f"{deep}.{deep}.AAAA") is Code.TOKEN_MALFORMED


@pytest.mark.parametrize(("amount", "text"), [('"0.10"', "0.10"), ("1", "1"), ("0.1", "0.1"), ("1.5e-3", "0.0015")])
def test_amounts_are_never_floats(amount: str, text: str) -> None:
    body = json.dumps(transfer_body()).replace('"amount": "1"', f'"amount": {amount}').encode()
    assert parse_transaction_request(body).amount_text == text
