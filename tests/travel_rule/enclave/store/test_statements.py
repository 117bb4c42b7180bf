"""Every query of the enclave, compiled for four dialects, is what was read and found right in ``data/queries``.

For SQL Server and Oracle that is all: compiled only, no live server was available. To renew the files after reading
what changed: ``STRONGROOM_WRITE_QUERIES=1`` in the environment.
"""

import inspect
import os
import re
from pathlib import Path

from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.ddl import DIALECTS
from tests.travel_rule.enclave.store.statements import MODULES, calls, claims, compiled, heard, scripts
from tests.travel_rule.enclave.store.world import open_cipher

FOLDER = Path(__file__).parent / "data" / "queries"


async def test_every_query_is_compiled_for_every_dialect(enclave_databases: EnclaveDatabases) -> None:
    database = await enclave_databases.migrated("postgresql")
    said = await heard(database, await open_cipher(database))
    now = {dialect: compiled(said, dialect) for dialect in DIALECTS}
    if os.environ.get("STRONGROOM_WRITE_QUERIES"):
        write(now)
    assert now == kept()


async def test_no_function_of_the_store_is_left_out(enclave_database: EnclaveDatabase) -> None:
    cipher = await open_cipher(enclave_database)
    called = {name for name, _ in calls(cipher)} | {name for name, _ in scripts("postgresql")}
    called.add("joined.finish_all")  # says what commands.finish_command says
    there = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in MODULES
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert called == there
    store = Path(inspect.getfile(MODULES[0])).parent
    taking = {path.stem for path in store.glob("*.py") if " claiming(" in path.read_text() and path.stem != "claims"}
    assert taking == {name.partition(".")[0] for name, _ in claims("oracle")}
    asking = {
        path.stem for path in store.glob("*.py") if re.search(r"\b(tx: Transaction|direct: Direct)\b", path.read_text())
    }
    assert asking - {"engine"} == {module.__name__.rpartition(".")[2] for module in MODULES}


def write(texts: dict[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for dialect, text in texts.items():
        (FOLDER / f"{dialect}.sql").write_text(text)


def kept() -> dict[str, str]:
    return {path.stem: path.read_text() for path in FOLDER.glob("*.sql")}
