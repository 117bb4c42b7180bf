"""Drift between generated files and their sources is found and mended. (`make lint` looks at the tree itself.)"""

from pathlib import Path

from tools.generate import GENERATORS, find_drift
from tools.generators import Generator

SCRATCH = Generator(name="scratch", owns=("made/*.txt",), make=lambda _: {"made/a.txt": "new\n", "made/b.txt": "b\n"})
PROTO = """
syntax = "proto3";
package strongroom.a.v1;
message A { string id = 1; }
service S { rpc Do(A) returns (A); }
"""


def test_changed_missing_and_stale_files_are_found_and_mended(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made/a.txt").write_text("old\n")
    (tmp_path / "made/stale.txt").write_text("stale\n")
    drifts = find_drift(generator=SCRATCH, root=tmp_path)
    assert [drift.path.name for drift in drifts] == ["a.txt", "b.txt", "stale.txt"]
    for drift in drifts:
        drift.mend()
    assert not find_drift(generator=SCRATCH, root=tmp_path)
    assert (tmp_path / "made/a.txt").read_text() == "new\n"


def test_the_protobuf_generator_gives_stubs_that_import_each_other_where_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "proto/strongroom/a/v1"
    folder.mkdir(parents=True)
    (folder / "a.proto").write_text(PROTO)
    made = next(generator for generator in GENERATORS if generator.name == "protobuf").make(tmp_path)
    stub = made["src/strongroom/interfaces/a/v1/a_pb2_grpc.py"]
    assert "from strongroom.interfaces.a.v1 import a_pb2" in stub
    assert "'/strongroom.a.v1.S/Do'" in stub
    assert {"src/strongroom/interfaces/a/__init__.py", "src/strongroom/interfaces/a/v1/a_pb2.pyi"} <= made.keys()
