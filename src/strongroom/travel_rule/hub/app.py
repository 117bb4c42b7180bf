"""Puts the hub together."""

from pathlib import Path

from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.http import client_context
from strongroom.runtime.service import Service
from strongroom.travel_rule.hub.config import HubConfig
from strongroom.travel_rule.hub.jobs import Jobs
from strongroom.travel_rule.hub.operations.directory import Directory
from strongroom.travel_rule.hub.operations.relay import Relay
from strongroom.travel_rule.hub.peers import Enclaves
from strongroom.travel_rule.hub.routes import make_application


def build(*, config: HubConfig, database: Database, clock: Clock) -> Service:
    """The hub, ready to be started; its door is to be served behind ``runtime.http.server_context``."""
    enclaves = Enclaves(
        tls=client_context(Path(config.tls_folder)), environment=config.environment, timeout_s=config.counterparty_s
    )
    directory = Directory(
        authority_key=bytes.fromhex(config.authority_key), environment=config.environment, clock=clock
    )
    relay = Relay(directory=directory, enclaves=enclaves, clock=clock)
    jobs = Jobs(relay=relay, database=database, config=config, clock=clock)

    async def stop() -> None:
        await jobs.stop()
        await enclaves.close()

    return Service(name="travel_rule_hub", http=make_application(relay), start=jobs.start, stop=stop)
