"""Key generation and signing by three cores joined in memory."""

from strongroom.chains.evm.transaction import Eip1559Transaction, recover_sender
from strongroom.custody.cosigner.domain.reports import KeyRecorded, Signed
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Partial, open_by_cosigner
from strongroom.kernel.documents.keys import verify_key_records
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.documents.signing import Signed as SignedDocument
from tests.custody.cosigner.world import PAYEE, Transfer, World
from tests.fakes.memory_engine import MemoryEngine


def transaction_of(transfer: Transfer) -> Eip1559Transaction:
    payload = transfer.payload
    return Eip1559Transaction(
        chain_id=31337,
        nonce=payload.nonce,
        max_priority_fee_per_gas=payload.max_priority_fee_per_gas,
        max_fee_per_gas=payload.max_fee_per_gas,
        gas_limit=payload.gas_limit,
        to=PAYEE,
        value_units=transfer.intent.amount_units,
    )


def test_three_cosigners_make_one_key_and_record_it_alike(keyless: World) -> None:
    request = keyless.key_request()
    reports = MemoryEngine(cores=keyless.cores).generate_key(tenant_id="acme", key_request=request)
    records = [report.document for report in reports if isinstance(report, KeyRecorded)]
    assert len(records) == len(reports) == 3
    records.sort(key=lambda record: decode(record, SignedDocument).signatures[0].signer)
    public = verify_key_records(
        records=tuple(records),
        document_set=keyless.document_set,
        key_request_hash=sha256(decode(request, SignedDocument).payload),
        epoch=1,
    )
    assert public == keyless.public_key()


def test_three_consents_give_one_signature_that_moves_the_sender_s_money(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    reports = engine.sign(transfer.order())
    signed = [report for report in reports if isinstance(report, Signed)]
    assert len(signed) == len(reports) == 3
    assert len({report.signature for report in signed}) == 1
    assert recover_sender(transaction_of(transfer), signed[0].signature) == transfer.intent.sender


def test_partials_agree_on_what_was_sent_and_received(world: World, engine: MemoryEngine) -> None:
    reports = engine.sign(world.transfer().order())
    partials: dict[int, Partial] = {}
    for report in reports:
        assert isinstance(report, Signed)
        index = int(decode(report.statement, SignedDocument).signatures[0].signer[-1])
        partials[index] = open_by_cosigner(
            data=report.statement, kind=Kind.PARTIAL, shape=Partial, index=index, document_set=world.document_set
        )
        assert partials[index].result_hash == sha256(report.signature)
    sent = {(one, other): digest for one, partial in partials.items() for other, digest in partial.sent}
    received = {(other, one): digest for one, partial in partials.items() for other, digest in partial.received}
    assert sent == received
    assert len(sent) == 6


def test_slots_are_signed_one_after_the_other(world: World, engine: MemoryEngine) -> None:
    for nonce in range(3):
        reports = engine.sign(world.transfer(nonce=nonce).order())
        assert all(isinstance(report, Signed) for report in reports)
