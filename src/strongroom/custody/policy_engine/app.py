"""Puts the policy engine together."""

from functools import partial

from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.custody.policy_engine.operations import Approvals, DocumentSets, Evaluator, admit, close_approval
from strongroom.custody.policy_engine.operations.admit import ADMIT
from strongroom.custody.policy_engine.operations.approvals import END, EXPIRE, REPORT
from strongroom.custody.policy_engine.operations.document_sets import PUSH, SWEEP
from strongroom.custody.policy_engine.peers import Peers
from strongroom.custody.policy_engine.servicer import PolicyEngineServicer
from strongroom.interfaces.policy_engine.v1.policy_engine_pb2_grpc import add_PolicyEngineServicer_to_server
from strongroom.runtime.host import SIGNING_KEY, Host
from strongroom.runtime.service import Service


def build(host: Host, config: PolicyEngineConfig) -> Service:
    """The policy engine, ready to be started."""
    peers, work, database, clock = Peers(host), host.work(), host.database(), host.clock
    document_sets = DocumentSets(
        database=database,
        work=work,
        clock=clock,
        peers=peers,
        environment=host.environment,
        signing_key=host.kms.signer(SIGNING_KEY).public_key,
    )
    approvals = Approvals(database=database, work=work, clock=clock, document_sets=document_sets, peers=peers)
    evaluator = Evaluator(database=database, work=work, clock=clock, document_sets=document_sets, approvals=approvals)
    servicer = PolicyEngineServicer(
        host,
        config=config,
        document_sets=document_sets,
        evaluator=evaluator,
        approvals=approvals,
        close=partial(close_approval, database=database, clock=clock),
    )
    admission = partial(admit, database=database, work=work, clock=clock, document_sets=document_sets, peers=peers)
    work.register(ADMIT, lambda item: admission(item=item))
    work.register(REPORT, approvals.report)
    work.register(END, approvals.end)
    work.register(EXPIRE, approvals.expire)
    work.register(SWEEP, approvals.sweep)
    work.register(PUSH, document_sets.push)
    return Service(name="policy_engine", grpc=(lambda server: add_PolicyEngineServicer_to_server(servicer, server),))
