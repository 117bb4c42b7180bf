"""Chainalysis behind the enclave's own types."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.travel_rule.enclave.domain.assessments import Alert, ApiType, Direction, Identification, Kyt, Seen
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo
from strongroom.travel_rule.enclave.providers.pace import Pace
from strongroom.vendors.chainalysis.kyt import (
    Kind,
    KytClient,
    Registered,
    Transfer,
    WithdrawalAttempt,
    format_timestamp,
)
from strongroom.vendors.chainalysis.sanctions import SanctionsClient

NETWORKS: Final[Mapping[str, str]] = {"BTC": "Bitcoin", "ETH": "Ethereum"}
"""What KYT calls a network that is named by its symbol; others are named as they are."""
_KINDS: Final = {ApiType.TRANSFER: Kind.TRANSFER, ApiType.ATTEMPT: Kind.WITHDRAWAL_ATTEMPT}


@final
class SanctionScreen:
    """Whether an address is on a sanctions list."""

    def __init__(self, client: SanctionsClient, *, clock: Clock) -> None:
        self._client = client
        self._pace = Pace("Chainalysis sanctions", clock=clock)

    def paused_s(self) -> float:
        """How long it will not be asked."""
        return self._pace.paused_s()

    async def find(self, address: str) -> Identification | None:
        """Why the address is listed, by the first list that names it; None when none does.

        Raises:
            StrongroomError: ``UNAVAILABLE``, ``RISK_ASSESSMENT_REFUSED``.
        """
        found = await self._pace.ask(lambda: self._client.list_identifications(address))
        if not found:
            return None
        return Identification(name=found[0].name, description=found[0].description, url=found[0].url)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()


@final
class KytScreen:
    """How risky a transfer or an attempt is."""

    def __init__(self, client: KytClient, *, clock: Clock, networks: Mapping[str, str]) -> None:
        self._client = client
        self._pace = Pace("Chainalysis KYT", clock=clock)
        self._networks = {name.upper(): kyt_name for name, kyt_name in {**NETWORKS, **networks}.items()}

    def paused_s(self) -> float:
        """How long it will not be asked."""
        return self._pace.paused_s()

    def network_of(self, asset: AssetInfo) -> str:
        """What KYT calls the network of an asset; by its symbol when the network is not known.

        Raises:
            StrongroomError: ``UNSUPPORTED_RISK_ASSESSMENT``.
        """
        named = asset.network or asset.symbol
        known = self._networks.get(named.upper(), asset.network)
        if known is None:
            raise StrongroomError(Code.UNSUPPORTED_RISK_ASSESSMENT, "The network of the transfer is not known.")
        return known

    async def register(self, kyt: Kyt) -> Seen:
        """Register it; the same row again is the same registration.

        Raises:
            StrongroomError: ``UNAVAILABLE``, ``RISK_ASSESSMENT_REFUSED``.
        """
        subject = _transfer(kyt) if kyt.api_type is ApiType.TRANSFER else _attempt(kyt)
        return _seen(await self._pace.ask(lambda: self._client.register(kyt.user_id, subject)))

    async def look(self, kyt: Kyt) -> Seen:
        """How far the assessment of a registered one is; errors as ``register``."""
        kind, external_id = _KINDS[kyt.api_type], _external_id(kyt)
        return _seen(await self._pace.ask(lambda: self._client.get(kind, external_id)))

    async def list_alerts(self, kyt: Kyt) -> tuple[Alert, ...]:
        """The alerts of an assessed one; errors as ``register``."""
        kind, external_id = _KINDS[kyt.api_type], _external_id(kyt)
        return tuple(
            Alert(
                alert_id=alert.external_id,
                level=alert.alert_level,
                category=alert.category,
                service=alert.service,
                exposure=alert.exposure_type,
                amount=_text(alert.alert_amount),
            )
            for alert in await self._pace.ask(lambda: self._client.list_alerts(kind, external_id))
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()


def _transfer(kyt: Kyt) -> Transfer:
    return Transfer(
        network=kyt.network,
        asset=kyt.asset,
        transfer_reference=kyt.transfer_ref,
        direction="sent" if kyt.direction is Direction.OUTGOING else "received",
        transfer_timestamp=format_timestamp(kyt.timestamp),
        asset_amount=Decimal(kyt.amount),
        output_address=kyt.output_address,
    )


def _attempt(kyt: Kyt) -> WithdrawalAttempt:
    return WithdrawalAttempt(
        network=kyt.network,
        asset=kyt.asset,
        address=kyt.output_address,
        attempt_identifier=kyt.transfer_ref,
        asset_amount=Decimal(kyt.amount),
        attempt_timestamp=format_timestamp(kyt.timestamp),
    )


def _seen(registered: Registered) -> Seen:
    worth = registered.usd_amount
    return Seen(
        external_id=registered.external_id,
        is_assessed=registered.is_assessed,
        usd_price=None if worth is None else _text(worth),
    )


def _text(amount: Decimal) -> str:
    return f"{amount:f}"


def _external_id(kyt: Kyt) -> str:
    assert kyt.external_id is not None, "only what is registered is looked at"
    return kyt.external_id
