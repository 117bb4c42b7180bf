"""The first tenant of an embedded Strongroom, so that the first transfer takes minutes.

It does what a real tenant's people do on machines of their own: owners make keys, write and sign the genesis document
set, have every co-signer install it, publish it, ask for the key, and check the answer themselves.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from strongroom.apps.embedded.anvil import DEVELOPMENT_CHAIN_ID, fund
from strongroom.apps.embedded.cosigners import INDICES, Limits, activate_cosigner, prepare_cosigner
from strongroom.apps.embedded.layout import ENVIRONMENT, Layout, replace_private
from strongroom.client import (
    ApiCredentials,
    ApproverKey,
    OwnerKey,
    PersonalKey,
    Strongroom,
    sign_document_set,
    sign_key_request,
)
from strongroom.client.ports import SystemPorts
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import (
    AccountRange,
    Action,
    ApiUser,
    ApprovalGroup,
    Approvers,
    Asset,
    DocumentSet,
    Logic,
    Owners,
    Policy,
    PolicyRule,
    Roster,
    User,
    parse_document_set,
)
from strongroom.kernel.documents.signing import Signed
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.host import SIGNING_KEY
from strongroom.runtime.kms import SoftwareKms

K = TypeVar("K", bound=PersonalKey)
TENANT_ID = "demo"
ASSET_ID = "ETH_TEST"
COIN_TYPE = 60
ETHER = 10**18
FUNDS_UNITS = 100 * ETHER
OWNERS = ("owner-1", "owner-2", "owner-3")
APPROVERS = ("approver-1", "approver-2")
_GROUP = "approvers"
_THRESHOLD = 2
_LISTED = "0x00000000000000000000000000000000DeaDBeef"
"""The one address on the demonstration's screening list: made up, nobody's."""
_LIMITS = Limits(asset_id=ASSET_ID, per_transaction_units=50 * ETHER, per_day_units=100_000 * ETHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """A tenant that can send: its credentials, and the vault account that holds its coins."""

    tenant_id: str
    credentials: ApiCredentials
    vault_account_id: str
    asset_id: str
    address: str


def prepare_tenant(layout: Layout) -> DocumentSet:
    """Make owners, approvers, API user and genesis document set, and install it at each co-signer; once a folder."""
    path = layout.tenant / "genesis.cbor"
    if not path.exists():
        layout.tenant.mkdir(mode=0o700, exist_ok=True)
        cosigners = tuple(prepare_cosigner(layout, index, limits=_LIMITS) for index in INDICES)
        owners = [_keep_key(layout, name, OwnerKey) for name in OWNERS]
        credentials = _keep_credentials(layout)
        keys = {name: SoftwareKms(layout.kms(name)).signer(SIGNING_KEY) for name in ("policy_engine", "screening")}
        document = DocumentSet(
            environment=ENVIRONMENT,
            tenant=TENANT_ID,
            version=1,
            previous=b"",
            owners=Owners(threshold=_THRESHOLD, members=tuple(owner.member() for owner in owners)),
            roster=Roster(
                users=tuple(_user(_keep_key(layout, name, ApproverKey)) for name in APPROVERS),
                api_users=(
                    ApiUser(id=credentials.api_key, name="treasury", public_key_der=credentials.public_key_der()),
                ),
                cosigners=cosigners,
                policy_engine_key=keys["policy_engine"].public_key,
                screening_key=keys["screening"].public_key,
            ),
            policy=Policy(rules=_rules()),
            addresses=(),
            assets=(_asset(),),
            vault_accounts=(AccountRange(first=0, last=999),),
        )
        draft = layout.tenant / "genesis.draft"
        replace_private(draft, sign_document_set(document, owners[:_THRESHOLD]).encode())
        for index in INDICES:
            activate_cosigner(layout, index, genesis=draft)
        draft.rename(path)
    return parse_document_set(decode(path.read_bytes(), Signed).payload)


def introduce_tenant(
    layout: Layout, *, base_url: str, operator_token: str, chain_rpc_url: str, tell: Callable[[str], None]
) -> Introduced:
    """Publish the document set, make the key, open and fund the first vault account; what is done is not done again.

    Args:
        layout: the data folder.
        base_url: of the REST door.
        operator_token: of the platform's operator.
        chain_rpc_url: of the development chain, whose faucet pays.
        tell: told each thing done, for people.

    Raises:
        StrongroomError: whatever the platform answers.
    """
    document = prepare_tenant(layout)
    credentials = _keep_credentials(layout)
    state = _read_state(layout)
    with (
        Strongroom(base_url, operator_token=operator_token) as operator,
        Strongroom(base_url, credentials=credentials) as tenant,
    ):
        if "published" not in state:
            tell(f"screening list of 1 made-up address imported; genesis {document.hash().hex()[:16]} published")
            operator.import_list("demonstration", json.dumps([_LISTED]).encode())
            operator.publish_document_set(decode((layout.tenant / "genesis.cbor").read_bytes(), Signed))
            state = _keep_state(layout, state, published=True)
        return _open_vault(layout, tenant, credentials, document, state, chain_rpc_url=chain_rpc_url, tell=tell)


def _open_vault(
    layout: Layout,
    tenant: Strongroom,
    credentials: ApiCredentials,
    document: DocumentSet,
    state: dict[str, Any],
    *,
    chain_rpc_url: str,
    tell: Callable[[str], None],
) -> Introduced:
    if "key" not in state:
        owners = [_keep_key(layout, name, OwnerKey) for name in OWNERS[:_THRESHOLD]]
        tenant.request_key(sign_key_request(document, owners, ports=SystemPorts()))
        state = _keep_state(layout, state, key=True)
    key = tenant.wait_for_key(document)
    tell(f"key {key.key_id} made 3-of-3; all three records verified here")
    if "vault_account_id" not in state:
        account = tenant.request(
            "POST", "/vault/accounts", body={"name": "Treasury"}, idempotency_key="first-vault-account"
        )
        state = _keep_state(layout, state, vault_account_id=account["id"])
    number = state["vault_account_id"]
    wallet = tenant.request("POST", f"/vault/accounts/{number}/{ASSET_ID}")
    address = tenant.verified_address(key, coin_type=COIN_TYPE, vault_account=number, claimed=wallet["address"])
    if "funded" not in state:
        tell(f"vault account {number} has {address} (derived here); the faucet sends 100 ETH_TEST")
        fund(rpc_url=chain_rpc_url, address=address, value_units=FUNDS_UNITS)
        _keep_state(layout, state, funded=True)
    return Introduced(
        tenant_id=TENANT_ID, credentials=credentials, vault_account_id=number, asset_id=ASSET_ID, address=address
    )


def _rules() -> tuple[PolicyRule, ...]:
    return (
        PolicyRule(
            id="large",
            name="Nothing above 20 ETH_TEST",
            action=Action.BLOCK,
            assets=(ASSET_ID,),
            min_amount_units=20 * ETHER + 1,
        ),
        PolicyRule(
            id="medium",
            name="Above 5 ETH_TEST two approvers must agree",
            action=Action.APPROVE,
            assets=(ASSET_ID,),
            min_amount_units=5 * ETHER + 1,
            approvers=Approvers(logic=Logic.AND, groups=(ApprovalGroup(threshold=2, groups=(_GROUP,)),)),
        ),
        PolicyRule(
            id="treasury",
            name="Treasury pays anyone",
            action=Action.ALLOW,
            initiator_groups=None,
            assets=(ASSET_ID,),
        ),
    )


def _asset() -> Asset:
    return Asset(
        id=ASSET_ID,
        name="Ether of the development chain",
        chain_id=DEVELOPMENT_CHAIN_ID,
        token_contract=None,
        decimals=18,
        coin_type=COIN_TYPE,
        max_fee_units=ETHER // 100,
        confirmations=2,
    )


def key_file(layout: Layout, name: str) -> Path:
    """Where the private key of an owner or approver is kept: 32 bytes."""
    return layout.tenant / f"{name}.key"


def _user(key: ApproverKey) -> User:
    return User(id=key.holder, name=key.holder, device_key=key.public_key(), groups=(_GROUP,))


def _keep_key(layout: Layout, name: str, kind: type[K]) -> K:
    path = key_file(layout, name)
    if not path.exists():
        replace_private(path, kind.generate(name).raw())
    return kind.from_raw(name, path.read_bytes())


def _keep_credentials(layout: Layout) -> ApiCredentials:
    key, pem = layout.tenant / "api_key", layout.tenant / "api_private_key.pem"
    if not key.exists():
        made = ApiCredentials.generate(str(SystemEntropy().uuid4()))
        replace_private(pem, made.private_key_pem())
        replace_private(key, made.api_key.encode())
    return ApiCredentials.from_pem(key.read_text(), pem.read_bytes())


def _state_path(layout: Layout) -> Path:
    return layout.tenant / "state.json"


def _read_state(layout: Layout) -> dict[str, Any]:
    path = _state_path(layout)
    return json.loads(path.read_bytes()) if path.exists() else {}


def _keep_state(layout: Layout, state: dict[str, Any], **changes: object) -> dict[str, Any]:
    kept = {**state, **changes}
    replace_private(_state_path(layout), json.dumps(kept).encode())
    return kept
