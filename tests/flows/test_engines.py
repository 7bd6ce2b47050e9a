"""Without Spark, what only Spark reads ends the run: it is never taken for no rows."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakes import install
from stores.test_delta_source import with_protocol
from strongroom.core.errors import EnvironmentFault
from strongroom.flows import prepare
from strongroom.flows.engines import Local, Tasks

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


@pytest.mark.parametrize("engine", ["local", "auto"])
def test_a_delta_table_with_what_only_spark_reads(engine, tmp_path, capsys):
    place = install(tmp_path, capsys)
    (tmp_path / "contracts/visits.yaml").write_text(CONTRACT)
    write_deltalake(str(place.lake / "raw/visits"), pa.table({"n": [1, 2, 3]}))
    asked = ("--contract", "visits", "--set", f"prepare.engine={engine}")
    assert place.run(prepare, *asked).out, "its files are its rows"
    with_protocol(str(place.lake / "raw/visits"), ["typeWidening"])
    done = place.run(prepare, *asked)
    assert done.code == 4
    assert "only Spark reads: the table needs typeWidening" in done.err
    assert "prepare.engine=spark" in done.err
    assert [row["n"] for row in place.rows("training.visits", "n")] == [1, 2, 3]


def test_a_frame_is_not_for_this_process():
    with pytest.raises(EnvironmentFault, match="only Spark reads these rows"):
        Local().run(Tasks(lambda batches: batches, frame=object()), pa.schema([]))
