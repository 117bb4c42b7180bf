"""Puts the auth engine together."""

from strongroom.custody.auth_engine.config import AuthEngineConfig
from strongroom.custody.auth_engine.jobs import NonceSweep
from strongroom.custody.auth_engine.operations import Certificates, DocumentSets
from strongroom.custody.auth_engine.operations.authenticate import Means
from strongroom.custody.auth_engine.servicer import AuthEngineServicer
from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import add_AuthEngineServicer_to_server
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: AuthEngineConfig) -> Service:
    """The auth engine, ready to be started."""
    del config  # it has no settings yet
    database = host.database()
    certificates = Certificates(database)
    means = Means(
        environment=host.environment,
        clock=host.clock,
        entropy=host.entropy,
        database=database,
        certificates=certificates,
    )
    document_sets = DocumentSets(database=database, certificates=certificates, environment=host.environment)
    servicer = AuthEngineServicer(means, document_sets=document_sets)
    sweep = NonceSweep(database=database, clock=host.clock)
    return Service(
        name="auth_engine",
        grpc=(lambda server: add_AuthEngineServicer_to_server(servicer, server),),
        start=sweep.start,
        stop=sweep.stop,
    )
