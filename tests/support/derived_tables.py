"""Tables and a model as jobs derive them, made without Spark: the words and the files, of rows of the source."""

from strongroom.core.contract.file import load_contract
from strongroom.flows.foundation.derived import Origin, say_beside, tag_of
from strongroom.stores.lake import Lake, commits
from strongroom.stores.table_plan import TablePlan


def origin_of(place, source="training.reviews", *, recipe=None):
    """What something is made from that is made from a table now."""
    found = Lake(str(place.lake)).open(source)
    contract = load_contract(str(place.root / "contracts" / f"{source.rpartition('.')[2]}.yaml"))
    return Origin(contract, {source: found.version()}, "model_training", recipe or {"job": "test"}, tag=tag_of(found))


def derive(place, table, source="training.reviews", *, run="test-1", personal=True, columns=None):
    """A derived table of the source's rows; returns its origin."""
    lake, origin = Lake(str(place.lake)), origin_of(place, source)
    rows = lake.read(source, columns)
    said = origin.properties(table.partition(".")[0], run_id=run, schema=rows.schema, personal=personal)
    lake.ensure(table, TablePlan(rows.schema, "a test's", said))
    commits.append(lake, table, rows, once=None)
    return origin


def model(place, name="reviews", run="test-1", source="training.reviews"):
    """A folder of a fitted model that says what it was made from."""
    folder = place.lake / "models" / name / run
    (folder / "stages").mkdir(parents=True)
    (folder / "stages/part-0").write_text("x")
    say_beside(str(folder), origin_of(place, source), run_id=run)
    return folder
