"""Without Spark, what only Spark reads ends the run: it is never taken for no rows."""

from types import SimpleNamespace

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from stores.sources.test_delta_source import with_protocol
from strongroom.core.errors import EnvironmentFault
from strongroom.flows import prepare
from strongroom.flows.row_pass.engines import Local, Tasks
from strongroom.flows.row_pass.inputs import road_of
from support.lakes import install

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/visits, format: delta}
schema:
  - name: visits
    properties:
      - name: n
        logicalType: integer
        customProperties:
          - {property: protect, value: {method: keep}}
customProperties:
  - {property: purposes, value: [model_training]}
"""


def test_a_delta_table_with_what_only_spark_reads(tmp_path, capsys):
    place = install(tmp_path, capsys)
    (tmp_path / "contracts/visits.yaml").write_text(CONTRACT)
    write_deltalake(str(place.lake / "raw/visits"), pa.table({"n": [1, 2, 3]}))
    asked = ("--contract", "visits", "--set", "prepare.engine=local")
    assert place.run(prepare, *asked).out, "its files are its rows"
    with_protocol(str(place.lake / "raw/visits"), ["typeWidening"])
    done = place.run(prepare, *asked)
    assert done.code == 4
    assert "only Spark reads this: the table needs typeWidening" in done.err
    assert "prepare.engine=spark" in done.err
    assert [row["n"] for row in place.rows("training.visits", "n")] == [1, 2, 3]


ENGINES = [
    # setting, master, bytes, only Spark reads it, who does the work, why
    ("spark", "local[*]", 1, False, "spark", "the default, also for small work"),
    ("auto", "local[*]", 1, False, "local", "small work on one machine"),
    ("auto", "local[*]", 1 << 31, False, "spark", "large work"),
    ("auto", "local[*]", 1, True, "spark", "nobody else can"),
    ("local", "local[*]", 1 << 31, False, "local", "as somebody has chosen"),
    ("local", "spark://host:7077", 1, False, "spark", "a cluster does its own work"),
    ("auto", "sc://host", 1, False, "spark", "and so does a server"),
]


@pytest.mark.parametrize(("engine", "master", "size", "only", "wanted", "why"), ENGINES)
def test_who_does_the_work(engine, master, size, only, wanted, why):
    settings = SimpleNamespace(jobs={"prepare": {"engine": engine}}, spark={"spark.master": master})
    job = SimpleNamespace(settings=settings, spark=None)
    assert road_of(job, size=size, only_spark=only).engine.name == wanted, why


def test_a_frame_is_not_for_this_process():
    with pytest.raises(EnvironmentFault, match="only Spark reads these rows"):
        Local().run(Tasks(lambda batches: batches, frame=object()), pa.schema([]))
