"""Sealed messages: what originator and beneficiary VASP tell each other past a hub that cannot read it.

A message is a header in clear, a body sealed to the addressee's X25519 key (HPKE, RFC 9180, base mode, the header as
``info``) and an Ed25519 signature of the sender's enclave over both (RFC 8032). Answers are sealed to a reply key that
lives as long as the question, and are signed likewise. Every body is padded (RFC 9180 9.7.6), so that its length does
not tell the hub a VERIFIED from a DENIED.

Who the sender is, is said by a ``VaspRecord`` that the network authority signed; every enclave has the authority's
public key in its settings, so a hub can withhold messages, and nothing else.

Pure: no clock, no dice, no wire. The caller gives the time, the random bytes of reply keys and message ids, and
remembers the ids of messages it took for ``REPLAY_WINDOW_S``. (HPKE draws its own ephemeral key, as RFC 9180 has it.)
"""

from strongroom.travel_rule.messages.bodies import (
    Accepted,
    AccountAnswer,
    AccountCheck,
    Answer,
    Asset,
    ErrorReport,
    KeyAnswer,
    KeyRequest,
    Kind,
    Question,
    Refusal,
    RefusalCode,
    TxInquiry,
    TxReport,
    TxStatus,
    VerificationAnswer,
    VerificationQuestion,
    kind_of,
)
from strongroom.travel_rule.messages.envelope import (
    MESSAGE_BYTES_MAX,
    REPLAY_WINDOW_S,
    Envelope,
    Header,
    parse_envelope,
)
from strongroom.travel_rule.messages.keys import PUBLIC_KEY_BYTES, OpeningKey, public_key_of
from strongroom.travel_rule.messages.records import (
    HUB_SERVICE,
    SignedRecord,
    VaspRecord,
    VaspStatus,
    member_service,
    parse_member_service,
    sign_record,
    verify_record,
)
from strongroom.travel_rule.messages.sealing import (
    Pending,
    Recipient,
    Sender,
    check_question,
    open_answer,
    open_question,
    seal_answer,
    seal_question,
)

__all__ = [
    "HUB_SERVICE",
    "MESSAGE_BYTES_MAX",
    "PUBLIC_KEY_BYTES",
    "REPLAY_WINDOW_S",
    "Accepted",
    "AccountAnswer",
    "AccountCheck",
    "Answer",
    "Asset",
    "Envelope",
    "ErrorReport",
    "Header",
    "KeyAnswer",
    "KeyRequest",
    "Kind",
    "OpeningKey",
    "Pending",
    "Question",
    "Recipient",
    "Refusal",
    "RefusalCode",
    "Sender",
    "SignedRecord",
    "TxInquiry",
    "TxReport",
    "TxStatus",
    "VaspRecord",
    "VaspStatus",
    "VerificationAnswer",
    "VerificationQuestion",
    "check_question",
    "kind_of",
    "member_service",
    "open_answer",
    "open_question",
    "parse_envelope",
    "parse_member_service",
    "public_key_of",
    "seal_answer",
    "seal_question",
    "sign_record",
    "verify_record",
]
