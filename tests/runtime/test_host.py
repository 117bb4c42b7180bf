import pytest

from strongroom.kernel.documents.signing import Kind, Role, open_signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SeededEntropy
from strongroom.runtime.host import SIGNING_KEY, Host
from strongroom.runtime.host_local import LocalPlatform
from strongroom.runtime.kms import MemoryKms, SoftwareAttestor
from strongroom.runtime.service import Service
from tests.runtime.rpc.echo import ACCESS, new_authority

TENANT = TenantId("acme")


def platform() -> LocalPlatform:
    clock = ManualClock()
    authority = new_authority(clock)
    return LocalPlatform(
        issuer=authority,
        trust_root=authority.trust_root(),
        access=ACCESS,
        clock=clock,
        entropy=SeededEntropy(),
        attestor=SoftwareAttestor(),
    )


def host(service: str) -> Host:
    return platform().host(service, kms=MemoryKms())


def test_a_service_signs_documents_of_its_role() -> None:
    engine = host("policy_engine")
    signed = engine.sign(kind=Kind.DECISION, tenant_id=TENANT, payload=b"decision")
    payload = open_signed(
        signed=signed,
        kind=Kind.DECISION,
        environment=Environment.SANDBOX,
        tenant_id=TENANT,
        public_key=engine.kms.signer(SIGNING_KEY).public_key,
        role=Role.POLICY_ENGINE,
        signer="policy_engine",
    )
    assert payload == b"decision"


@pytest.mark.parametrize(("service", "kind"), [("policy_engine", Kind.VERDICT), ("gateway", Kind.DECISION)])
def test_a_service_signs_nothing_else(service: str, kind: Kind) -> None:
    with pytest.raises(StrongroomError) as caught:
        host(service).sign(kind=kind, tenant_id=TENANT, payload=b"x")
    assert caught.value.code is Code.FORBIDDEN


def test_a_service_without_a_database_is_told_so() -> None:
    for ask in (host("gateway").database, host("gateway").work):
        with pytest.raises(StrongroomError) as caught:
            ask()
        assert caught.value.code is Code.CONFIG_INVALID


async def test_services_start_in_order_and_stop_in_reverse_once() -> None:
    seen: list[str] = []
    process = platform()

    def service(name: str) -> Service:
        async def start() -> None:
            seen.append(f"start {name}")

        async def stop() -> None:
            seen.append(f"stop {name}")

        return Service(name=name, start=start, stop=stop)

    for name in ("a", "b"):
        process.add(service(name))
    with pytest.raises(StrongroomError):
        process.add(service("a"))
    await process.start()
    await process.stop()
    await process.stop()
    assert seen == ["start a", "start b", "stop b", "stop a"]
