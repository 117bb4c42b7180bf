"""The tenant's document set: owners, roster, policy, addresses, assets, account ranges (trust.md 1).

One document with version, previous hash, environment and tenant, signed by m current owners.
"""

from enum import StrEnum
from functools import cached_property

from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.signing import Kind, Role, Signed, check_signature
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId

COSIGNER_COUNT = 3
"""The product makes 3-of-3 keys only (requirement 1, step 10)."""
DEFAULT_REQUEST_LIFETIME_S = 24 * 3600
_LARGEST = 1 << 31
"""Above any lifetime in seconds that ends in a year with four digits, and any vault account."""
_CHAINS = 1 << 63
"""Chain ids are below this: what databases count in."""


class Member(Document, frozen=True):
    """A key holder: an id and an Ed25519 public key of 32 bytes."""

    id: str
    public_key: bytes


class Owners(Document, frozen=True):
    """Who may change the document set: ``threshold`` of ``members``."""

    threshold: int
    members: tuple[Member, ...]


class User(Document, frozen=True):
    """A person: approves with ``device_key`` (Ed25519, 32 bytes), may be a member of groups."""

    id: str
    name: str
    device_key: bytes
    groups: tuple[str, ...] = ()


class ApiUser(Document, frozen=True):
    """A program that sends requests: ``id`` is the API key, ``public_key_der`` an RSA SubjectPublicKeyInfo.

    ``held_by`` is the person whose program it is, if it is one person's: what it initiates, that person may approve
    only where the rule says so.
    """

    id: str
    name: str
    public_key_der: bytes
    groups: tuple[str, ...] = ()
    held_by: str | None = None


class CosignerIdentity(Document, frozen=True):
    """A co-signer's keys: Ed25519 for signing, X25519 for encryption, 32 bytes each."""

    index: int
    operator: str
    signing_key: bytes
    encryption_key: bytes


class Roster(Document, frozen=True):
    """Everyone whose signature counts."""

    users: tuple[User, ...]
    api_users: tuple[ApiUser, ...]
    cosigners: tuple[CosignerIdentity, ...]
    policy_engine_key: bytes
    screening_key: bytes


class Action(StrEnum):
    """What a matching rule says; APPROVE asks the people whom the rule names (``approvers``)."""

    ALLOW = "ALLOW"
    APPROVE = "APPROVE"
    BLOCK = "BLOCK"


class Logic(StrEnum):
    """Whether every approval group must agree, or any one of them."""

    AND = "AND"
    OR = "OR"


class ApprovalGroup(Document, frozen=True):
    """``threshold`` different people out of ``users`` and the members of ``groups``."""

    threshold: int
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Approvers(Document, frozen=True):
    """Who must agree (custody_api.md 4.2, verdict.approvers)."""

    logic: Logic
    groups: tuple[ApprovalGroup, ...]
    can_initiator_approve: bool = False


class DestinationKind(StrEnum):
    """Where a payment goes: an own vault account, a listed address, or an address of this once."""

    VAULT_ACCOUNT = "VAULT_ACCOUNT"
    WHITELISTED = "WHITELISTED"
    ONE_TIME = "ONE_TIME"


class PolicyRule(Document, frozen=True):
    """One rule. An absent criterion (null) matches everything; bounds are inclusive, in base units.

    ``approvers`` belong to the action APPROVE and to no other.
    """

    id: str
    name: str
    action: Action
    initiators: tuple[str, ...] | None = None
    initiator_groups: tuple[str, ...] | None = None
    assets: tuple[str, ...] | None = None
    sources: tuple[str, ...] | None = None
    destination_kinds: tuple[DestinationKind, ...] | None = None
    destinations: tuple[str, ...] | None = None
    min_amount_units: int | None = None
    max_amount_units: int | None = None
    approvers: Approvers | None = None


class Policy(Document, frozen=True):
    """Rules from top to bottom, the first match decides; an unwritten last rule blocks everything."""

    rules: tuple[PolicyRule, ...]


class AddressEntry(Document, frozen=True):
    """A listed destination: ``address`` in EIP-55 form on ``chain_id``."""

    id: str
    name: str
    chain_id: int
    address: str


class Asset(Document, frozen=True):
    """An asset: where it lives, how it counts, and what a transfer of it may cost at most.

    ``max_fee_units`` is in base units of the chain's native coin; ``confirmations`` is the depth of finality.
    """

    id: str
    name: str
    chain_id: int
    token_contract: str | None
    decimals: int
    coin_type: int
    max_fee_units: int
    confirmations: int


class AccountRange(Document, frozen=True):
    """Vault accounts ``first`` to ``last``, both inclusive: an account inside needs no new version."""

    first: int
    last: int


class DocumentSet(Document, frozen=True, dict=True):
    """All of a tenant's signed facts in one version."""

    environment: Environment
    tenant: str
    version: int
    previous: bytes
    owners: Owners
    roster: Roster
    policy: Policy
    addresses: tuple[AddressEntry, ...]
    assets: tuple[Asset, ...]
    vault_accounts: tuple[AccountRange, ...]
    request_lifetime_s: int = DEFAULT_REQUEST_LIFETIME_S

    @cached_property
    def _digest(self) -> bytes:
        return sha256(encode(self))

    def hash(self) -> bytes:
        """SHA-256 of the encoding, 32 bytes."""
        return self._digest

    @cached_property
    def approved_parts(self) -> tuple[bytes, bytes, bytes]:
        """SHA-256 of roster, policy and assets: what an approval covers, and by what it outlives a new version."""
        return sha256(encode(self.roster)), sha256(encode(self.policy)), sha256(encode(self.assets))

    def get_user(self, user_id: str) -> User:
        """The person of that id.

        Raises:
            StrongroomError: ``APPROVAL_INVALID``.
        """
        for user in self.roster.users:
            if user.id == user_id:
                return user
        raise StrongroomError(Code.APPROVAL_INVALID, f"{user_id[:64]!r} is nobody of the roster.")

    def get_asset(self, asset_id: str) -> Asset:
        """The asset of that id.

        Raises:
            StrongroomError: ``ASSET_UNKNOWN``.
        """
        for asset in self.assets:
            if asset.id == asset_id:
                return asset
        raise StrongroomError(Code.ASSET_UNKNOWN, f"{asset_id[:64]!r} is not in the signed asset list.")

    def get_api_user(self, api_user_id: str) -> ApiUser:
        """The API user of that id.

        Raises:
            StrongroomError: ``API_USER_UNKNOWN``.
        """
        for user in self.roster.api_users:
            if user.id == api_user_id:
                return user
        raise StrongroomError(Code.API_USER_UNKNOWN)

    def get_cosigner(self, index: int) -> CosignerIdentity:
        """The co-signer of that index, 1 to 3.

        Raises:
            StrongroomError: ``NOT_FOUND``.
        """
        for cosigner in self.roster.cosigners:
            if cosigner.index == index:
                return cosigner
        raise StrongroomError(Code.NOT_FOUND, f"There is no co-signer {index}.")

    def find_address(self, *, chain_id: int, address: str) -> AddressEntry | None:
        """The listed entry of an EIP-55 address on a chain."""
        return next(
            (entry for entry in self.addresses if entry.chain_id == chain_id and entry.address == address), None
        )

    def holds_vault_account(self, number: int) -> bool:
        """Whether the account number lies within a signed range."""
        return any(part.first <= number <= part.last for part in self.vault_accounts)


def parse_document_set(data: bytes) -> DocumentSet:
    """The document set in ``data``, with every rule that its types cannot say.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``KEY_REGISTERED_TWICE``, ``ADDRESS_INVALID``.
    """
    document = decode(data, DocumentSet)
    _check_owners(document.owners)
    _check_roster(document)
    _check_lists(document)
    return document


def verify_document_set(*, signed: Signed, current: DocumentSet | None) -> DocumentSet:
    """The document set of ``signed`` if it may follow ``current``: genesis for None, else the same tenant's next.

    Genesis is signed by m of its own owners and is trusted only because it was installed locally.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``DOCUMENT_FOREIGN``, ``DOCUMENT_VERSION_INVALID``,
            ``DOCUMENT_QUORUM_MISSING``, ``DOCUMENT_SIGNATURE_INVALID``, ``KEY_REGISTERED_TWICE``.
    """
    document = parse_document_set(signed.payload)
    if signed.kind is not Kind.DOCUMENT_SET or (signed.environment, signed.tenant) != (
        document.environment,
        document.tenant,
    ):
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    if current is not None and (document.environment, document.tenant) != (current.environment, current.tenant):
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    expected = (current.version + 1, current.hash()) if current else (1, b"")
    if (document.version, document.previous) != expected:
        raise StrongroomError(
            Code.DOCUMENT_VERSION_INVALID, f"Version {document.version} does not follow the current one."
        )
    check_quorum(signed=signed, owners=(current or document).owners)
    return document


def check_quorum(*, signed: Signed, owners: Owners) -> None:
    """Check that at least ``owners.threshold`` different owners signed, and that no signature is false.

    Raises:
        StrongroomError: ``DOCUMENT_QUORUM_MISSING``, ``DOCUMENT_SIGNATURE_INVALID``.
    """
    keys = {member.id: member.public_key for member in owners.members}
    signers = {signature.signer for signature in signed.signatures}
    if len(signers) != len(signed.signatures) or not signers <= keys.keys() or len(signers) < owners.threshold:
        raise StrongroomError(Code.DOCUMENT_QUORUM_MISSING, f"{owners.threshold} different owners must sign.")
    for signature in signed.signatures:
        check_signature(signed=signed, signature=signature, public_key=keys[signature.signer], role=Role.OWNER)


def tenant_of(document: DocumentSet) -> TenantId:
    """The document's tenant as a typed id."""
    return TenantId(document.tenant)


def _check_owners(owners: Owners) -> None:
    ids = {member.id for member in owners.members}
    if not 1 <= owners.threshold <= len(owners.members) or len(ids) != len(owners.members):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "Owners need distinct ids and a threshold of 1 to their number.")


def _check_roster(document: DocumentSet) -> None:
    roster = document.roster
    if sorted(cosigner.index for cosigner in roster.cosigners) != list(range(1, COSIGNER_COUNT + 1)):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The roster lists co-signers 1, 2 and 3.")
    keys = [member.public_key for member in document.owners.members]
    keys += [user.device_key for user in roster.users]
    keys += [cosigner.signing_key for cosigner in roster.cosigners]
    keys += [roster.policy_engine_key, roster.screening_key]
    if any(len(key) != 32 for key in (*keys, *(cosigner.encryption_key for cosigner in roster.cosigners))):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "Ed25519 and X25519 keys have 32 bytes.")
    keys += [user.public_key_der for user in roster.api_users]
    if len(set(keys)) != len(keys):
        raise StrongroomError(Code.KEY_REGISTERED_TWICE, "One key stands for two members of the document set.")
    _check_distinct("users and API users", [user.id for user in roster.users] + [user.id for user in roster.api_users])
    people = {user.id for user in roster.users}
    if any(user.held_by is not None and user.held_by not in people for user in roster.api_users):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "An API user is held by nobody of the roster.")


def _check_lists(document: DocumentSet) -> None:
    _check_distinct("assets", [asset.id for asset in document.assets])
    _check_distinct("addresses", [entry.id for entry in document.addresses])
    _check_distinct("rules", [rule.id for rule in document.policy.rules])
    if not 0 < document.request_lifetime_s < _LARGEST or any(
        not 0 <= part.first <= part.last < _LARGEST for part in document.vault_accounts
    ):
        raise StrongroomError(
            Code.DOCUMENT_MALFORMED, "Lifetimes are positive and account ranges run upwards, both below 2^31."
        )
    for entry in document.addresses:
        if parse_evm_address(entry.address) != entry.address:
            raise StrongroomError(Code.ADDRESS_INVALID, f"Address {entry.id} is not in EIP-55 form.")
    for asset in document.assets:
        numbers = asset.max_fee_units > 0 and asset.confirmations >= 1 and 0 <= asset.decimals <= 77
        if not numbers or not 0 < asset.chain_id < _CHAINS:
            raise StrongroomError(Code.DOCUMENT_MALFORMED, f"Asset {asset.id} has impossible numbers.")
    for rule in document.policy.rules:
        ranged = rule.min_amount_units is not None or rule.max_amount_units is not None
        if ranged and (rule.assets is None or len(rule.assets) != 1):
            raise StrongroomError(Code.DOCUMENT_MALFORMED, f"Rule {rule.id}: an amount range needs exactly one asset.")
        _check_approvers(rule, document.roster)


def _check_approvers(rule: PolicyRule, roster: Roster) -> None:
    """A rule that nobody could ever satisfy is a mistake, and refused as one."""
    if (rule.approvers is not None) != (rule.action is Action.APPROVE):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"Rule {rule.id}: APPROVE has approvers, no other action has.")
    if rule.approvers is None:
        return
    if not rule.approvers.groups:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"Rule {rule.id}: nobody is asked to approve.")
    people = {user.id for user in roster.users}
    for group in rule.approvers.groups:
        members = {user.id for user in roster.users if not set(user.groups).isdisjoint(group.groups)}
        if not set(group.users) <= people or not 1 <= group.threshold <= len(members | set(group.users)):
            raise StrongroomError(
                Code.DOCUMENT_MALFORMED, f"Rule {rule.id}: an approval group has fewer known people than it asks for."
            )


def _check_distinct(what: str, ids: list[str]) -> None:
    if len(set(ids)) != len(ids) or any(not item for item in ids):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"The ids of {what} are not distinct.")
