"""Bodies of every kind, and three VASPs, for the tests of messages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from strongroom.runtime.kms import MemoryKms
from strongroom.travel_rule.messages import (
    Accepted,
    AccountAnswer,
    AccountCheck,
    Answer,
    Asset,
    ErrorReport,
    KeyAnswer,
    KeyRequest,
    Question,
    Recipient,
    Sender,
    TxInquiry,
    TxReport,
    TxStatus,
    VaspRecord,
    VaspStatus,
    VerificationAnswer,
    VerificationQuestion,
    public_key_of,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
UUID_TEXT = "0b6cbb9e-2f5f-4f4e-8f3d-0e5e8a1f0c11"
ASSET = Asset(
    symbol="ETH",
    network="ethereum",
    amount="1.5",
    trade_price="3000000",
    trade_currency="KRW",
    trade_at=NOW,
    is_exceeding_threshold=True,
)
VERIFICATION = VerificationQuestion(
    verification_uuid=UUID_TEXT,
    asset=ASSET,
    originator_account_number="r-source:7",
    beneficiary_account_number="0xdestination",
    required_beneficiary_info=("ACCOUNT_NUMBER", "NATURAL_PERSON_NAME"),
    originator=b'{"originatorPersons":["Hong Gildong"]}',
    originating_vasp=None,
    beneficiary=b'{"beneficiaryPersons":["Kim Cheolsu"]}',
    beneficiary_vasp=None,
    ordered_at=NOW,
)
ANSWERED = VerificationAnswer(
    verification_uuid=UUID_TEXT,
    result="VERIFIED",
    reason=None,
    message=None,
    beneficiary=b'{"beneficiaryPersons":["Kim Cheolsu"]}',
    beneficiary_vasp=None,
    verified_at=NOW,
)
DENIED = VerificationAnswer(
    verification_uuid=UUID_TEXT,
    result="DENIED",
    reason="UNVERIFIED-KYC",
    message=None,
    beneficiary=None,
    beneficiary_vasp=None,
    verified_at=NOW,
)
PAIRS: tuple[tuple[Question, Answer], ...] = (
    (
        KeyRequest(key_type="PerVerification", key_identifier=UUID_TEXT),
        KeyAnswer(key_type="PerVerification", key_identifier=UUID_TEXT, public_key=bytes(range(32))),
    ),
    (
        AccountCheck(symbol="XRP", network=None, beneficiary=b"{}"),
        AccountAnswer(result="DENIED", reason="UNKNOWN-ADDRESS", message=None),
    ),
    (VERIFICATION, ANSWERED),
    (TxReport(verification_uuid=UUID_TEXT, tx_hash="0xabc", vout="1"), Accepted(verification_uuid=UUID_TEXT)),
    (
        ErrorReport(verification_uuid=UUID_TEXT, result="TRANSFER_ERROR", reason="UNDEFINED-ERROR", message=None),
        Accepted(verification_uuid=UUID_TEXT),
    ),
    (
        TxInquiry(verification_uuid=UUID_TEXT),
        TxStatus(verification_uuid=UUID_TEXT, transaction_status="CONFIRMED", tx_hash="0xabc", vout=None),
    ),
)


@dataclass(frozen=True)
class Vasp:
    """A VASP's enclave: identity, record and a key to seal to."""

    sender: Sender
    record: VaspRecord
    private_key: bytes

    @property
    def id(self) -> str:
        return self.sender.vasp_id

    def as_recipient(self) -> Recipient:
        return Recipient(vasp_id=self.id, key_type="PerVasp", public_key=public_key_of(self.private_key))


def vasp(vasp_id: str) -> Vasp:
    kms = MemoryKms()
    signer = kms.signer("identity")
    return Vasp(
        sender=Sender(vasp_id=vasp_id, signer=signer),
        record=record(vasp_id, signer.public_key),
        private_key=kms.sealing_key("reading").reveal(),
    )


def record(vasp_id: str, identity_key: bytes) -> VaspRecord:
    return VaspRecord(
        vasp_id=vasp_id,
        serial=1,
        name="A VASP",
        legal_name="A VASP Ltd.",
        country="KR",
        url="https://127.0.0.1:8443",
        identity_key=identity_key,
        tls_key_hash=bytes(32),
        status=VaspStatus.VERIFIED_MEMBER,
        issued_at=NOW,
        expires_at=NOW + timedelta(days=90),
    )


ANNA, BORIS, CLARA = (vasp(number) for number in ("9007199254740993", "18446744073709551615", "7"))
