"""Keys, derivation and signatures, judged by independent libraries."""

import hashlib
import hmac
import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from coincurve import PublicKey
from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_keys.datatypes import PublicKey as EthPublicKey
from eth_keys.datatypes import Signature as EthSignature

from strongroom.threshold.backend import EcdsaBackend
from strongroom.threshold.ecdsa import Dkls23, ThresholdError
from tests.threshold.ceremony import Shares, generate, keygen_sessions, run_to, sign

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PATH = "m/44/60/5/0/7"


def derive_public(public_key: bytes, chain_code: bytes, path: str) -> tuple[bytes, bytes]:
    """BIP-32 CKDpub along a path: the oracle."""
    for level in path.split("/")[1:]:
        mac = hmac.digest(chain_code, public_key + int(level).to_bytes(4, "big"), hashlib.sha512)
        public_key = PublicKey(public_key).add(mac[:32]).format()
        chain_code = mac[32:]
    return public_key, chain_code


def check_accepted_elsewhere(*, signature: bytes, digest: bytes, public_key: bytes) -> None:
    """libsecp256k1 recovers the key from the signature, eth-keys verifies it, and s is low (EIP-2)."""
    assert len(signature) == 65
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
    assert PublicKey.from_signature_and_message(signature, digest, hasher=None).format() == public_key
    key = EthPublicKey.from_compressed_bytes(public_key)
    assert key.verify_msg_hash(digest, EthSignature(signature))


def test_the_backend_is_an_ecdsa_backend() -> None:
    backend: EcdsaBackend = Dkls23()
    assert backend.verify(public_key=bytes(33), digest=bytes(32), signature=bytes(65)) is False


@pytest.mark.parametrize("quorum", ["two_of_three", "three_of_three"])
def test_all_parties_hold_shares_of_one_key(quorum: str, request: pytest.FixtureRequest) -> None:
    shares: Shares = request.getfixturevalue(quorum)
    assert [share.party for share in shares.values()] == [1, 2, 3]
    facts = {(s.public_key, s.chain_code, s.transcript_hash, s.threshold, s.parties) for s in shares.values()}
    assert len(facts) == 1
    assert (shares[1].threshold, shares[1].parties) == ({"two": 2, "three": 3}[quorum.partition("_")[0]], 3)
    PublicKey(shares[1].public_key)


def test_two_key_generations_give_two_keys(two_of_three: Shares) -> None:
    other = generate(threshold=2, parties=2)
    assert other[1].public_key != two_of_three[1].public_key
    assert other[1].chain_code != two_of_three[1].chain_code


@pytest.mark.parametrize("signers", list(itertools.combinations((1, 2, 3), 2)))
def test_any_two_of_three_sign(two_of_three: Shares, signers: tuple[int, int]) -> None:
    digest = os.urandom(32)
    signature = sign(two_of_three, signers=signers, digest=digest)
    check_accepted_elsewhere(signature=signature, digest=digest, public_key=two_of_three[1].public_key)


def test_three_of_three_sign_for_a_derived_key(three_of_three: Shares) -> None:
    children = {party: share.derive(path=PATH) for party, share in three_of_three.items()}
    digest = os.urandom(32)
    signature = sign(children, signers=(1, 2, 3), digest=digest)
    check_accepted_elsewhere(signature=signature, digest=digest, public_key=children[1].public_key)


@pytest.mark.parametrize("path", ["m/0", PATH, "m/2147483647", "m/1/2/3/4/5/6/7/8/9/10"])
def test_derivation_is_bip32(two_of_three: Shares, path: str) -> None:
    root = two_of_three[1]
    expected = derive_public(root.public_key, root.chain_code, path)
    for share in two_of_three.values():
        child = share.derive(path=path)
        assert (child.public_key, child.chain_code) == expected
        assert (child.party, child.threshold, child.parties) == (share.party, 2, 3)


@pytest.mark.parametrize(
    "path",
    ["", "m", "m/", "44/60", "m/44'", "m/44h/60", "m/-1", "m/+1", "m/01", "m/ 1", "m/1/", "m//1", "M/1", "m/2147483648",
     "m/4294967296", "m/1.0", "m/\u0661", "m/1/2/3/4/5/6/7/8/9/10/11", "m/" + "9" * 4000],
)  # fmt: skip
def test_another_form_of_path_is_refused(two_of_three: Shares, path: str) -> None:
    with pytest.raises(ThresholdError) as refused:
        two_of_three[1].derive(path=path)
    assert refused.value.kind == "usage"


def test_a_child_is_not_derived_from_a_child(two_of_three: Shares) -> None:
    with pytest.raises(ThresholdError, match="root"):
        two_of_three[1].derive(path=PATH).derive(path="m/1")


def test_an_ethereum_library_finds_the_sender(three_of_three: Shares) -> None:
    children = {party: share.derive(path=PATH) for party, share in three_of_three.items()}
    fields: dict[str, object] = {
        "type": 2,
        "chainId": 31337,
        "nonce": 7,
        "maxPriorityFeePerGas": 2 * 10**9,
        "maxFeePerGas": 60 * 10**9,
        "gas": 21_000,
        "to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "value": 10**18,
        "data": b"",
        "accessList": [],
    }
    signature = sign(children, signers=(1, 2, 3), digest=bytes(TypedTransaction.from_dict(fields).hash()))
    signed = fields | {
        "r": int.from_bytes(signature[:32], "big"),
        "s": int.from_bytes(signature[32:64], "big"),
        "v": signature[64],
    }
    raw = TypedTransaction.from_dict(signed).encode()
    sender = EthPublicKey.from_compressed_bytes(children[1].public_key).to_checksum_address()
    assert Account.recover_transaction(raw) == sender


def test_the_same_digest_signed_twice_gives_two_signatures(two_of_three: Shares) -> None:
    digest = os.urandom(32)
    assert sign(two_of_three, signers=(1, 2), digest=digest) != sign(two_of_three, signers=(1, 2), digest=digest)


def test_extreme_digests_are_signed(two_of_three: Shares) -> None:
    for digest in (bytes(32), b"\xff" * 32, ORDER.to_bytes(32, "big")):
        signature = sign(two_of_three, signers=(1, 2), digest=digest)
        assert Dkls23().verify(public_key=two_of_three[1].public_key, digest=digest, signature=signature)


def test_others_run_while_a_step_computes() -> None:
    sessions = keygen_sessions(threshold=2, parties=2)
    mail = run_to(sessions, 3)
    with ThreadPoolExecutor(max_workers=1) as executor:
        step = executor.submit(sessions[1].step, mail[1])
        turns = 0
        while not step.done():
            time.sleep(0.002)
            turns += 1
    # The step takes some hundred milliseconds; were the interpreter locked meanwhile, a turn or two at most.
    assert turns > 10


def test_two_threads_that_step_one_session_at_once_take_turns() -> None:
    sessions = keygen_sessions(threshold=2, parties=2)
    mail = run_to(sessions, 2)
    with ThreadPoolExecutor(max_workers=2) as executor:
        steps = [executor.submit(sessions[1].step, mail[1]) for _ in range(2)]
        faults = [step.exception() for step in steps]
    (fault,) = (fault for fault in faults if fault is not None)
    assert isinstance(fault, ThresholdError)
    assert (fault.kind, fault.round) == ("malformed", 3)
