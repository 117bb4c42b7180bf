import os
import signal
import time
from pathlib import Path

import pytest

from strongroom.apps.embedded.anvil import RunningAnvil, find_anvil, fund, start_anvil
from strongroom.kernel.errors import Code, StrongroomError

SOMEONE = "0x" + "11" * 20


def test_the_chain_survives_a_restart_on_the_same_port(tmp_path: Path) -> None:
    first = start_anvil(tmp_path)
    paid = fund(rpc_url=first.rpc_url, address=SOMEONE, value_units=5)
    first.stop()
    second = start_anvil(tmp_path)
    assert second.rpc_url == first.rpc_url
    assert fund(rpc_url=second.rpc_url, address=SOMEONE, value_units=5) != paid  # the nonce went on
    second.stop()


def test_a_chain_killed_while_it_writes_goes_back_to_the_last_good_state(tmp_path: Path) -> None:
    first = start_anvil(tmp_path)
    paid = fund(rpc_url=first.rpc_url, address=SOMEONE, value_units=5)
    first.stop()
    start_anvil(tmp_path).stop()
    state = tmp_path / "state.json"
    state.write_bytes(state.read_bytes()[:100])
    again = start_anvil(tmp_path)
    assert fund(rpc_url=again.rpc_url, address=SOMEONE, value_units=5) != paid
    os.kill(again.process.pid, signal.SIGKILL)
    again.process.kill()


def test_blocks_follow_without_traffic(tmp_path: Path) -> None:
    chain = start_anvil(tmp_path, block_time_s=0.2)
    state = tmp_path / "state.json"
    time.sleep(0.7)
    chain.stop()
    assert '"number":"0x2"' in state.read_text()


def test_a_faucet_payment_that_the_chain_refuses_is_told(anvil: RunningAnvil) -> None:
    with pytest.raises(StrongroomError) as refused:
        fund(rpc_url=anvil.rpc_url, address=SOMEONE, value_units=2**200)
    assert refused.value.code is Code.NODE_REFUSED
    with pytest.raises(StrongroomError) as absent:
        fund(rpc_url="http://127.0.0.1:1", address=SOMEONE, value_units=1)
    assert absent.value.code is Code.NODE_UNAVAILABLE


def test_an_absent_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRONGROOM_ANVIL", "/no/such/anvil")
    with pytest.raises(StrongroomError, match="STRONGROOM_ANVIL names /no/such/anvil") as refused:
        find_anvil()
    assert refused.value.code is Code.CONFIG_INVALID


def test_a_second_chain_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    chain = start_anvil(tmp_path)
    with pytest.raises(StrongroomError) as refused:
        start_anvil(tmp_path)
    assert refused.value.code is Code.STATUS_CONFLICT
    assert (tmp_path / "port").read_text() == f"{chain.chain.port}\n"  # of the one that runs
    chain.stop()
