import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import convert_to_deltalake

from strongroom.stores.lake import Lake
from strongroom.stores.lake.file_rewrite import Rewrite
from strongroom.stores.sources.delta import added_since

ROWS = pa.table(
    {
        "city": ["Bern", "Oslo", None] * 100,
        "name": [f"n{number}" for number in range(300)],
        "at": pa.array([{"place": "x", "id": f"{number}"} for number in range(300)]),
    }
)


@pytest.mark.parametrize("kept", [["city", "at.place"], ["name"], []])
def test_a_column_stays_a_dictionary_where_it_was_one(tmp_path, kept):
    folder = tmp_path / "training" / "t"
    folder.mkdir(parents=True)
    pq.write_table(ROWS, folder / "part-0.parquet", use_dictionary=kept)
    convert_to_deltalake(str(folder))
    rewrite = Rewrite.of(Lake(str(tmp_path)), "training.t", run_id="r1")
    ((path, size),) = rewrite.files()
    rewrite.replace(path, size, change=lambda batch: batch)
    rewrite.commit(note={})
    ((path, _),) = rewrite.files()
    assert path != "part-0.parquet"
    passed = added_since(str(folder), since=0, version=1)
    assert (passed.files, passed.passed) == ((), (1,)), "no row changed, so whoever reads what was added passes it over"
    with pq.ParquetFile(folder / path) as file:
        group = file.metadata.row_group(0)
        leaves = [group.column(place) for place in range(group.num_columns)]
        assert sorted(leaf.path_in_schema for leaf in leaves if leaf.has_dictionary_page) == sorted(kept)
        assert file.read().equals(ROWS)
