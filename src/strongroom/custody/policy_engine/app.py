"""Puts the policy engine together."""

from functools import partial

from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.custody.policy_engine.operations import DocumentSets, admit
from strongroom.custody.policy_engine.operations.document_sets import PUSH
from strongroom.custody.policy_engine.operations.evaluate import ADMIT
from strongroom.custody.policy_engine.peers import Peers
from strongroom.custody.policy_engine.servicer import PolicyEngineServicer
from strongroom.interfaces.policy_engine.v1.policy_engine_pb2_grpc import add_PolicyEngineServicer_to_server
from strongroom.runtime.host import SIGNING_KEY, Host
from strongroom.runtime.service import Service


def build(host: Host, config: PolicyEngineConfig) -> Service:
    """The policy engine, ready to be started."""
    peers, work = Peers(host), host.work()
    document_sets = DocumentSets(
        database=host.database(),
        work=work,
        clock=host.clock,
        peers=peers,
        environment=host.environment,
        signing_key=host.kms.signer(SIGNING_KEY).public_key,
    )
    servicer = PolicyEngineServicer(host, config=config, document_sets=document_sets)
    admission = partial(admit, database=host.database(), work=work, peers=peers)
    work.register(ADMIT, lambda item: admission(item=item))
    work.register(PUSH, document_sets.push)
    return Service(name="policy_engine", grpc=(lambda server: add_PolicyEngineServicer_to_server(servicer, server),))
