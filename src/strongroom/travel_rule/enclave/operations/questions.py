"""What comes by another protocol, as a counterparty's enclave would have asked it."""

import msgspec

from strongroom.travel_rule.enclave.domain.verifications import AssetInfo
from strongroom.travel_rule.enclave.operations.bodies import write_asset
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.editions import settle
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import write_element
from strongroom.travel_rule.messages import VerificationQuestion

WANTED: tuple[str, ...] = ()
"""Neither TRP nor TRISA asks for particular data of the beneficiary in return."""


def question_from(
    *, means: Means, payload: model.Payload, asset: AssetInfo, account: str, uuid: str
) -> VerificationQuestion:
    """The question, its parts in the edition that rows are kept in, so that asked again it is the same bytes.

    Args:
        means: for the edition and the time.
        payload: as it came, checked.
        asset: what is to be transferred.
        account: the beneficiary's; whatever the payload says of it.
        uuid: of the verification.
    """
    edition = means.edition or Edition.V2020
    settled = settle(payload, Edition.V2020)
    accounts = settled.originator.accounts[:1]
    originator = msgspec.structs.replace(settled.originator, account_number=accounts)
    own, other = settled.originating_vasp, settled.beneficiary_vasp
    return VerificationQuestion(
        verification_uuid=uuid,
        asset=write_asset(asset),
        originator_account_number=accounts[0] if accounts else None,
        beneficiary_account_number=account,
        required_beneficiary_info=WANTED,
        originator=write_element(originator, edition),
        originating_vasp=None if own is None else write_element(own, edition),
        beneficiary=write_element(with_account(beneficiary=settled.beneficiary, account=account), edition),
        beneficiary_vasp=None if other is None else write_element(other, edition),
        ordered_at=means.now(),
    )


def with_account(*, beneficiary: model.Beneficiary, account: str | None) -> model.Beneficiary:
    """A beneficiary with this account and no other, in the elements of 2020."""
    bare = settle(beneficiary, Edition.V2020)
    return msgspec.structs.replace(bare, account_number=() if account is None else (account,))
