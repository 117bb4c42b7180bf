"""Puts screening together."""

from strongroom.custody.screening.config import EnclaveConfig, ScreeningConfig
from strongroom.custody.screening.operations.means import Means
from strongroom.custody.screening.peers import Peers
from strongroom.custody.screening.providers.counterparty import SimulatedCounterparty
from strongroom.custody.screening.providers.enclave import Enclave
from strongroom.custody.screening.routes import make_door
from strongroom.custody.screening.servicer import ScreeningServicer
from strongroom.custody.screening.store.seal import SEALING_KEY, PartySeal
from strongroom.interfaces.screening.v1.screening_pb2_grpc import add_ScreeningServicer_to_server
from strongroom.kernel.documents.signing import Kind
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: ScreeningConfig) -> Service:
    """Screening, ready to be started; with an enclave it has an HTTP door for it."""
    enclave = None if config.enclave is None else Enclave(config.enclave, clock=host.clock)
    means = Means(
        database=host.database(),
        clock=host.clock,
        seal=PartySeal(host.kms.sealing_key(SEALING_KEY), environment=host.environment, entropy=host.entropy),
        counterparty=enclave or SimulatedCounterparty(),
        peers=Peers(host),
        sign=lambda tenant_id, payload: host.sign(kind=Kind.VERDICT, tenant_id=tenant_id, payload=payload),
        thresholds=config.travel_rule_thresholds,
        asset_ids=_asset_ids(config.enclave),
    )
    servicer = ScreeningServicer(host, means=means)

    async def stop() -> None:
        if enclave is not None:
            await enclave.close()

    return Service(
        name="screening",
        grpc=(lambda server: add_ScreeningServicer_to_server(servicer, server),),
        http=None if config.enclave is None else make_door(means, token=config.enclave.backend_token),
        stop=stop,
    )


def _asset_ids(config: EnclaveConfig | None) -> dict[tuple[str, str], str]:
    if config is None:
        return {}
    return {(asset.symbol, asset.network): asset_id for asset_id, asset in config.assets.items()}
