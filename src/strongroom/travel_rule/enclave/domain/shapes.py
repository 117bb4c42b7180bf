"""The JSON of the enclave's API and of its calls to the provider's back end (travel_rule.md 1.2, 1.3).

Amounts, prices and VASP ids are texts. ``isExceedingThreshold`` comes as a boolean and is answered as 1 or 0, and the
``ivms101...`` fields of an answer are texts that hold JSON: both as the network has them.
"""

from typing import Annotated, Any, Literal

import msgspec

DEFAULT_INFORMATION = "ACCOUNT_NUMBER,NATURAL_PERSON_NAME"
Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=16)]
Network = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Uuid = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z-]+$")]
VaspId = Annotated[str, msgspec.Meta(pattern=r"^(0|[1-9][0-9]{0,19})$")]
TxHash = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
Vout = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[!-~]+$")]
KeyTypeName = Literal["PerVasp", "PerAddress", "PerEoa", "PerVerification"]


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of answers."""


class Asked(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of requests: what is not understood is refused."""


class AskedAsset(Asked, frozen=True, kw_only=True):
    """What is to be transferred. ``tradePrice`` is the price of one unit in ``tradeCurrency`` (ISO 4217)."""

    symbol: Symbol
    network: Network | None = None
    amount: str
    trade_price: str | None = None
    trade_currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")] | None = None
    trade_iso_datetime: str | None = msgspec.field(name="tradeISODatetime", default=None)
    is_exceeding_threshold: bool = True


class AskedPayload(Asked, frozen=True, kw_only=True):
    """The IVMS101 payload, in any edition or dialect that ``ivms101`` reads."""

    version: Literal["1.0"] = "1.0"
    ivms101: msgspec.Raw


class AskedVerification(Asked, frozen=True, kw_only=True):
    """POST /v1/verifications. ``verificationUuid`` makes a repeated request get the same answer; made if absent.

    ``travelAddress`` is for a provider that is reached by TRP, and stands for the beneficiary's account number.
    """

    verification_uuid: Uuid | None = None
    key_type: KeyTypeName
    beneficiary_vasp_id: VaspId
    travel_address: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)] | None = None
    asset_info: AskedAsset
    required_beneficiary_info: str = DEFAULT_INFORMATION
    payload: AskedPayload


class AskedAccount(Asked, frozen=True, kw_only=True):
    """POST /v1/verifications/account: is this the address of a customer of that provider."""

    key_type: KeyTypeName
    beneficiary_vasp_id: VaspId
    symbol: Symbol
    network: Network | None = None
    payload: AskedPayload


class AskedTxReport(Asked, frozen=True, kw_only=True):
    """POST /v1/verifications/tx."""

    verification_uuid: Uuid | None = None
    tx_hash: TxHash
    vout: Vout | None = None


class AskedErrorReport(Asked, frozen=True, kw_only=True):
    """POST /v1/verifications/error: the verified transfer will never be made."""

    verification_uuid: Uuid | None = None
    result: Literal["VERIFIED", "DENIED", "UNKNOWN", "ERROR", "PENDING", "TRANSFER_ERROR"] = "TRANSFER_ERROR"
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    message: Annotated[str, msgspec.Meta(max_length=1024)] | None = None


class AskedInquiry(Asked, frozen=True, kw_only=True):
    """POST /v1/verifications/tx/inquiry."""

    verification_uuid: Uuid | None = None


class AskedTravelAddress(Asked, frozen=True, kw_only=True):
    """POST /v1/trp/addresses."""

    account_number: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class AskedSealing(Asked, frozen=True, kw_only=True):
    """POST /v1/trisa/envelopes; ``publicKey`` is the recipient's RSA key or certificate, in PEM."""

    verification_uuid: Uuid
    public_key: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]


class AskedAnswer(Asked, frozen=True, kw_only=True):
    """POST /v1/trisa/envelopes/answer; who sent the envelope is known to the TRISA node that received it."""

    originating_vasp_id: VaspId
    public_key: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    envelope: msgspec.Raw


class AskedRecording(Asked, frozen=True, kw_only=True):
    """POST /v1/trisa/envelopes/result; who answered is known to the TRISA node that received the envelope."""

    beneficiary_vasp_id: VaspId
    envelope: msgspec.Raw


class SecureEnvelope(Shape, frozen=True, kw_only=True):
    """An envelope of TRISA, as its own tools write it in JSON."""

    envelope: msgspec.Raw


class TravelAddress(Shape, frozen=True, kw_only=True):
    """Where others ask about one account by TRP, as a travel address and as an LNURL."""

    travel_address: str
    lnurl: str


class Refusal(Shape, frozen=True, kw_only=True):
    """Every refusal: ``code`` as the network writes it, with hyphens."""

    code: str
    message: str


class Health(Shape, frozen=True, kw_only=True):
    """``UP`` or ``DOWN``."""

    status: str


class OwnVasp(Shape, frozen=True, kw_only=True):
    """Who this enclave speaks for."""

    vasp_id: str


class Vasp(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A provider of the directory. ``health`` UP or DOWN; ``vaspStatus`` VERIFIED-MEMBER, VERIFIED or UNVERIFIED."""

    health: str
    vasp_id: str
    vasp_name: str
    legal_name: str | None = None
    country: str | None = None
    vasp_status: str
    created_at: str | None = None
    updated_at: str | None = None


class Vasps(Shape, frozen=True, kw_only=True):
    """The directory."""

    vasps: list[Vasp]


class Accepted(Shape, frozen=True, kw_only=True):
    """The verification is under way, or is an earlier one with the same uuid and content; ``result`` as of now."""

    verification_uuid: str
    result: str
    reason: str | None
    message: str | None


class AssetInfo(Shape, frozen=True, kw_only=True):
    """What is transferred, in an answer."""

    network: str | None
    symbol: str
    amount: str
    is_exceeding_threshold: int
    trade_currency: str | None
    trade_price: str | None
    trade_iso_datetime: str | None = msgspec.field(name="tradeISODatetime")


class Verification(Shape, frozen=True, kw_only=True):
    """A verification. The ``ivms101...`` fields are texts of JSON, null once erased."""

    verification_id: int
    verification_uuid: str
    result: str
    reason: str | None
    message: str | None
    asset_info: AssetInfo
    tx_hash: str | None
    vout: str | None
    originating_vasp_id: str
    originator_account_number: str | None
    ivms101_originator: str | None
    ivms101_originating_vasp: str | None
    beneficiary_vasp_id: str
    beneficiary_account_number: str | None
    ivms101_beneficiary: str | None
    ivms101_beneficiary_vasp: str | None
    verified_at: str | None
    ordered_at: str | None
    created_at: str


class Verifications(Shape, frozen=True, kw_only=True):
    """A page of the history, newest first."""

    verifications: list[Verification]
    page: int
    rpp: int


class AccountResult(Shape, frozen=True, kw_only=True):
    """What the beneficiary's provider says of an address."""

    result: str
    reason: str | None
    message: str | None


class Done(Shape, frozen=True, kw_only=True):
    """It was taken down and will be told to the counterparty."""

    result: bool = True


class TransactionStatus(Shape, frozen=True, kw_only=True):
    """What the originator's provider says of the transaction."""

    verification_uuid: str
    transaction_status: str
    tx_hash: str | None


class BackendVerification(Shape, frozen=True, kw_only=True):
    """To the back end: may this customer receive this. ``ivms101`` is the payload as the counterparty sent it."""

    verification_uuid: str
    originating_vasp_id: str
    asset_info: AskedAsset
    required_beneficiary_info: str
    version: str
    ivms101: msgspec.Raw


class BackendAccount(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """To the back end: is this the address of a customer."""

    originating_vasp_id: str
    symbol: str
    network: str | None = None
    version: str = "1.0"
    ivms101: msgspec.Raw


class BackendInquiry(Shape, frozen=True, kw_only=True):
    """To the back end: what became of the transaction."""

    verification_uuid: str


class BackendResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the back end answers to both verifications; ``ivms101`` may hold ``beneficiary`` and ``beneficiaryVASP``.

    PENDING: somebody has to look at it first. It is asked again until it says something else.
    """

    result: Literal["VERIFIED", "DENIED", "UNKNOWN", "ERROR", "PENDING"]
    reason: str | None = None
    message: str | None = None
    ivms101: msgspec.Raw = msgspec.Raw()

    @property
    def told(self) -> bytes | None:
        """The JSON of ``ivms101``; None if it is absent or null."""
        text = bytes(self.ivms101)
        return text if text not in {b"", b"null"} else None


class BackendTransaction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the back end answers to an inquiry; ``transactionStatus`` such as PENDING, PROCESSING or CONFIRMED."""

    transaction_status: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Z_-]+$")]
    tx_hash: TxHash | None = None


class Callback(Shape, frozen=True, kw_only=True):
    """To the back end: something happened. It may come more than once; ``data`` names the verification."""

    callback_type: str
    data: Any
