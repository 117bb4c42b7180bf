"""Puts screening together."""

from strongroom.custody.screening.config import ScreeningConfig
from strongroom.custody.screening.providers.counterparty import SimulatedCounterparty
from strongroom.custody.screening.servicer import ScreeningServicer
from strongroom.interfaces.screening.v1.screening_pb2_grpc import add_ScreeningServicer_to_server
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: ScreeningConfig) -> Service:
    """Screening, ready to be started."""
    servicer = ScreeningServicer(host, config=config, counterparty=SimulatedCounterparty())
    return Service(name="screening", grpc=(lambda server: add_ScreeningServicer_to_server(servicer, server),))
