"""The enclave's doors: TLS for callers that show no certificate, and none beyond loopback that is open to anybody."""

import ssl
from pathlib import Path

import httpx
import msgspec
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import open_door, serve_config
from strongroom.runtime.pki import Authority, TlsIdentity
from strongroom.travel_rule.enclave.config import EnclaveConfig, load_config
from tests.travel_rule.enclave.pair import API_TOKEN, pair

SETTINGS = """vasp_id = "1"
jurisdiction = "KR"
api = {{token = "{token}"}}
backend = {{token = "{token}", url = "http://127.0.0.1:1"}}
hub = {{url = "https://127.0.0.1:1", authority_key = "{token}"}}
database = {{url = "postgresql+asyncpg://u:p@127.0.0.1:1/d"}}
messages = {{host = "{host}"}}
"""


@pytest.mark.parametrize(
    ("host", "ends"), [("127.0.0.1", "loads"), ("::1", "loads"), ("192.0.2.7", "is refused"), ("a.b", "is refused")]
)
def test_the_message_door_without_tls_is_for_loopback_alone(host: str, ends: str, tmp_path: Path) -> None:
    file = tmp_path / "enclave.toml"
    file.write_text(SETTINGS.format(token="sixteen characters", host=host))
    if ends == "loads":
        assert load_config(file, environ={}).messages.host == host
        return
    with pytest.raises(StrongroomError, match="beyond loopback") as error:
        load_config(file, environ={})
    assert error.value.code is Code.CONFIG_INVALID
    with_tls = {"STRONGROOM_ENCLAVE_HUB__TLS_FOLDER": "member"}
    assert load_config(file, environ=with_tls).messages.host == host


async def test_the_api_is_served_over_tls_to_who_has_the_token(two_databases: tuple[str, str], tmp_path: Path) -> None:
    clock, home = SystemClock(), tmp_path / "tls"
    authority = Authority.open(tmp_path / "authority", environment=Environment.SANDBOX, clock=clock)
    TlsIdentity(authority.issue_tls("enclave"), clock=clock).save(home)

    def with_tls(config: EnclaveConfig) -> EnclaveConfig:
        files = {"tls_cert_file": str(home / "tls.pem"), "tls_key_file": str(home / "tls.key")}
        return msgspec.structs.replace(config, api=msgspec.structs.replace(config.api, **files))

    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.load_verify_locations(home / "root.pem")
    async with pair(two_databases, change=with_tls) as made:
        enclave = made.a.enclave
        assert enclave.tls.api is not None
        door = serve_config(enclave.api, host="127.0.0.1", port=0, tls=enclave.tls.api.server)
        async with open_door(door) as port, httpx.AsyncClient(verify=bare, trust_env=False, timeout=60) as http:
            url = f"https://127.0.0.1:{port}/v1/verifications"
            assert (await http.get(url)).status_code == 401
            assert (await http.get(url, headers={"authorization": f"Bearer {API_TOKEN}"})).status_code == 200
