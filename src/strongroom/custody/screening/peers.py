"""Every call to another service; wire types stop here."""

from dataclasses import dataclass
from typing import final

from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultStub
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.host import Host


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose vault account an address belongs to."""

    tenant_id: str
    vault_account: str


@final
class Peers:
    """The services that screening calls."""

    def __init__(self, host: Host) -> None:
        self._vault = host.peer(SecureVaultStub, "secure_vault")

    async def find_holder(self, *, asset_id: str, address: str) -> Holder | None:
        """Whose address it is, for that asset; None for nobody's.

        Raises:
            StrongroomError: ``UNAVAILABLE`` and other passing refusals.
        """
        try:
            answer = await self._vault.FindAddress(pb.FindAddressRequest(asset_id=asset_id, address=address))
        except StrongroomError as error:
            if error.code is Code.NOT_FOUND:
                return None
            raise
        return Holder(tenant_id=answer.tenant_id, vault_account=answer.vault_account_id)
