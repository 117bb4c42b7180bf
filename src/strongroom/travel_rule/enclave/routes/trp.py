"""TRP's doors: travel addresses for our own back end, and the desk that other providers' messages come to."""

from typing import Final, final

from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.requests import parse_body
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.trp_answer import take_confirmation, take_inquiry, take_resolution
from strongroom.travel_rule.enclave.operations.trp_places import inquiry_url, trp_of
from strongroom.travel_rule.enclave.routes.route import Call, Route
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.trp.address import encode_lnurl, encode_travel_address
from strongroom.travel_rule.trp.desk import Sender
from strongroom.travel_rule.trp.messages import Answer, Confirmation, Identity, Inquiry, Resolution

PATH: Final = "/v1/trp/addresses"


async def make_address(means: Means, call: Call) -> shapes.TravelAddress:
    """Make a travel address for an account, which a customer gives to whoever pays; it does not tell the account."""
    asked = parse_body(call.body, shapes.AskedTravelAddress)
    url = inquiry_url(means=means, account=asked.account_number)
    return shapes.TravelAddress(travel_address=encode_travel_address(url), lnurl=encode_lnurl(url))


@final
class EnclaveDesk:
    """A ``trp.desk.Desk`` whose decisions are the enclave's.

    Args:
        means: for the operations.
    """

    def __init__(self, means: Means) -> None:
        self._means = means

    def demands(self) -> Demands:
        """What an inquiry's IVMS101 is held to."""
        return self._means.demands()

    def identity(self) -> Identity:
        """Who answers here."""
        return trp_of(self._means).own.identity

    async def take_inquiry(self, inquiry: Inquiry, *, place: str, sender: Sender) -> Answer:
        """A verification that another provider asks for."""
        return await take_inquiry(means=self._means, inquiry=inquiry, place=place, sender=sender)

    async def take_resolution(self, resolution: Resolution, *, token: str, sender: Sender) -> None:
        """The late answer to a verification that we asked for."""
        await take_resolution(means=self._means, resolution=resolution, token=token, sender=sender)

    async def take_confirmation(self, confirmation: Confirmation, *, token: str, sender: Sender) -> None:
        """A transaction report, or that there will be no transfer."""
        await take_confirmation(means=self._means, confirmation=confirmation, token=token, sender=sender)


ROUTES: Final = (
    Route(
        method="POST",
        path=PATH,
        handle=make_address,
        asks=shapes.AskedTravelAddress,
        answers=shapes.TravelAddress,
    ),
)
