"""The JSON of requests and answers, in Fireblocks' shapes; fields that are not set are left out.

Amounts are decimal texts. Where the shape has a number for historical reasons, it is written with all its digits and
never passes through a binary fraction.
"""

import msgspec

from strongroom.kernel.money import format_amount

Number = msgspec.Raw
"""A JSON number of exactly these digits."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of all shapes."""


def number(units: int, *, decimals: int) -> Number:
    """An amount as a JSON number, to the last digit."""
    return Number(format_amount(units, decimals=decimals).encode())


class Refusal(Shape, frozen=True):
    """Every refusal: ``error`` is the code's name, ``code`` its number (docs/errors.md)."""

    message: str
    code: int
    error: str


class Health(Shape, frozen=True, omit_defaults=False):
    """The gateway answers."""

    status: str = "ok"


class Paging(Shape, frozen=True):
    """The cursor of the next page, if there is one."""

    after: str = ""


class Peer(Shape, frozen=True):
    """Source or destination."""

    type: str
    id: str = ""
    name: str = ""


class AmountInfo(Shape, frozen=True):
    """Amounts, decimal."""

    amount: str
    requested_amount: str
    net_amount: str


class FeeInfo(Shape, frozen=True):
    """The fee, decimal; absent until it is known."""

    network_fee: str = ""


class BlockInfo(Shape, frozen=True):
    """The block that holds the transaction."""

    block_height: str
    block_hash: str


class Created(Shape, frozen=True):
    """A transaction was accepted."""

    id: str
    status: str


class Step(Shape, frozen=True, omit_defaults=False):
    """One step that was done: an arrow of the fourteen."""

    step: str
    attempt: int
    from_service: str
    to_service: str
    operation: str
    outcome: str
    detail: str
    started_at_us: int
    duration_us: int


class Steps(Shape, frozen=True, omit_defaults=False):
    """The steps of a transaction so far, in order; ``intent`` and ``decision`` in base64, empty until they exist."""

    id: str
    status: str
    reason: str
    steps: list[Step]
    intent: str
    decision: str


class Detail(Shape, frozen=True, omit_defaults=False):
    """What a client needs to judge a transaction itself.

    ``ending`` is the status that a CANCELLING transaction will have unless it lands first; ``intent``, ``decision`` and
    ``tombstone`` (an encoded ``Signed`` by co-signer 3) in base64, empty until they exist. ``token`` is the JWT of its
    request, by which a client recognises one that it sends again; its minute is long over.
    """

    id: str
    status: str
    attempt: int
    ending: str
    reason: str
    intent: str
    decision: str
    tombstone: str
    token: str


class Cancelled(Shape, frozen=True, omit_defaults=False):
    """The order to cancel was taken; the transaction's status says what became of it."""

    success: bool = True


class ApprovalState(Shape, frozen=True, omit_defaults=False):
    """Who was asked for what, and who agreed so far, in the newest attempt.

    ``state`` is WAITING, APPROVED, REJECTED, EXPIRED, OUTDATED until it is decided again, CLOSED when the transaction
    ended meanwhile (``reason`` says why), or NOT_ASKED where a rule decided alone. ``intent``, ``decision`` (an encoded
    ``Signed``) and ``approvals`` (the same, oldest first) in base64; times in Unix milliseconds.
    """

    id: str
    attempt: int
    state: str
    intent: str
    decision: str
    approvals: list[str]
    requested_at: int
    expires_at: int
    reason: str


class ApprovalStates(Shape, frozen=True):
    """A page of transactions that wait for approvals."""

    approvals: list[ApprovalState]
    paging: Paging


class NewApproval(Shape, frozen=True):
    """One person's answer: an encoded ``Signed`` of kind approval in base64."""

    approval: str


class TakenApproval(Shape, frozen=True):
    """How far it is after the answer: WAITING, APPROVED, REJECTED or EXPIRED."""

    state: str


class Transaction(Shape, frozen=True):
    """A transaction. The numbers ``amount``, ``netAmount``, ``fee`` and so on are for older clients."""

    id: str
    status: str
    sub_status: str
    operation: str
    asset_id: str
    source: Peer
    source_address: str
    destination: Peer
    destination_address: str
    amount_info: AmountInfo
    fee_info: FeeInfo
    fee_currency: str
    amount: Number
    requested_amount: Number
    net_amount: Number
    created_at: int
    last_updated: int
    created_by: str
    num_of_confirmations: int
    fee: Number | None = None
    network_fee: Number | None = None
    tx_hash: str = ""
    block_info: BlockInfo | None = None
    external_tx_id: str = ""
    note: str = ""
    error_description: str = ""


class NewVaultAccount(Shape, frozen=True):
    """A vault account to be opened."""

    name: str = ""
    customer_ref_id: str | None = None


class VaultAsset(Shape, frozen=True):
    """What a vault account holds of an asset: total = available + pending + lockedAmount + frozen."""

    id: str
    total: str
    balance: str
    available: str
    pending: str
    frozen: str
    locked_amount: str
    block_height: str


class VaultAccount(Shape, frozen=True):
    """A vault account."""

    id: str
    name: str
    assets: list[VaultAsset]
    hidden_on_ui: bool = msgspec.field(name="hiddenOnUI")
    auto_fuel: bool
    customer_ref_id: str = ""


class VaultAccounts(Shape, frozen=True):
    """A page of vault accounts."""

    accounts: list[VaultAccount]
    paging: Paging


class NewWallet(Shape, frozen=True):
    """The wallet of an asset was opened."""

    id: str
    address: str
    status: str


class Address(Shape, frozen=True):
    """A deposit address."""

    asset_id: str
    address: str
    type: str
    bip44_address_index: int = msgspec.field(name="bip44AddressIndex")
    user_defined: bool


class Addresses(Shape, frozen=True):
    """A page of addresses."""

    addresses: list[Address]
    paging: Paging


class SupportedAsset(Shape, frozen=True):
    """An asset of the tenant's signed asset list."""

    id: str
    name: str
    type: str
    native_asset: str
    decimals: int
    contract_address: str = ""


class NewDocumentSet(Shape, frozen=True):
    """A document set signed by its owners: an encoded ``Signed`` in base64."""

    document_set: str


class PublishedDocumentSet(Shape, frozen=True):
    """What is current now; the hash in hex."""

    tenant_id: str
    version: int
    hash: str


class DocumentSet(Shape, frozen=True):
    """The current document set: an encoded ``Signed`` in base64."""

    document_set: str


class NewKey(Shape, frozen=True):
    """The owners' request for a key: an encoded ``Signed`` in base64."""

    key_request: str


class Key(Shape, frozen=True, omit_defaults=False):
    """A key: PENDING, READY or FAILED; records and request are encoded ``Signed`` in base64."""

    key_id: str
    status: str
    reason: str
    key_records: list[str]
    key_request: str


class NewScreeningList(Shape, frozen=True):
    """A list of addresses: the file's bytes in base64."""

    name: str
    content: str


class ScreeningList(Shape, frozen=True):
    """An imported list; ``imported_at`` in Unix milliseconds, absent in the answer to an import."""

    name: str
    addresses: int
    imported_at: int = 0


class ScreeningLists(Shape, frozen=True):
    """A page of lists."""

    lists: list[ScreeningList]
    paging: Paging


class NewParties(Shape, frozen=True):
    """The parties of one tenant's transfers: the file's bytes in base64. Personal data, which is never shown again."""

    content: str


class Parties(Shape, frozen=True, omit_defaults=False):
    """How many parties were imported for a tenant."""

    tenant_id: str
    originators: int
    destinations: int


class Party(Shape, frozen=True, omit_defaults=False):
    """A registered party, without the person: kind ORIGINATOR or DESTINATION; ``imported_at`` in Unix milliseconds.

    ``place`` is a vault account, or an asset and an address; ``standing`` how far an originator's identity is checked,
    or the institution that holds a destination, or ``unhosted``.
    """

    tenant_id: str
    kind: str
    place: str
    jurisdiction: str
    standing: str
    imported_at: int


class PartyList(Shape, frozen=True):
    """A page of parties."""

    parties: list[Party]
    paging: Paging


class Cosigner(Shape, frozen=True, omit_defaults=False):
    """A co-signer; ``seen_at`` in Unix milliseconds, 0 if never."""

    index: int
    connected: bool
    seen_at: int


class Cosigners(Shape, frozen=True):
    """The three co-signers."""

    cosigners: list[Cosigner]
