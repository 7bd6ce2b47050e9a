"""What the three tables that `vectorize` writes are to be."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from strongroom.core.contract import Contract
from strongroom.core.contract.subject import TAG
from strongroom.flows.foundation import table_plans
from strongroom.learn.features.vocabulary import Vocabulary
from strongroom.stores.table_plan import TablePlan

VECTOR = pa.struct(
    [("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
)
"""A Spark ML vector as it is stored: type 0 is sparse, 1 dense. `learn.tfidf.as_vector` makes it a vector again."""
VOCABULARY = pa.schema(
    [
        pa.field("term", pa.string()),
        pa.field("index", pa.int32(), metadata={"comment": "its place in the vectors"}),
        pa.field("documents", pa.int64(), metadata={"comment": "in how many documents it stands"}),
        pa.field("count", pa.int64(), metadata={"comment": "how often it stands in all of them"}),
        pa.field("idf", pa.float64(), metadata={"comment": "its weight, before vectors are brought to length 1"}),
    ]
)
MODEL = "strongroom.model"
"""In the metadata of the column `features`: the folder of the pipeline that made it, changed in the same commit."""


def names(contract: Contract) -> dict[str, str]:
    """The three tables of a data set by what they hold."""
    features = contract.features
    return {"vocabulary": f"{features}_vocabulary", "summary": f"{features}_summary", "features": features}


def feature_plan(contract: Contract, frame: Any, *, text: str, model: str, tag: pa.Field | None = None) -> TablePlan:
    """The feature table: key, label, vector, tag; what the training table says of a column holds here too."""
    known = table_plans.training(contract).schema
    fields = {
        field.name: field.with_metadata(known.field(field.name).metadata) if field.name in known.names else field
        for field in _arrow(frame)
    }
    notes = {"comment": f"TF-IDF of {text}, as a Spark ML vector is stored", MODEL: model, **_notes(contract, text)}
    if tag is not None and TAG in fields:
        fields[TAG] = tag
    schema = pa.schema(list({**fields, "features": pa.field("features", VECTOR, metadata=notes)}.values()))
    return TablePlan(schema, f"TF-IDF features of {contract.name}")


def vocabulary_plan(contract: Contract, *, text: str) -> TablePlan:
    """The vocabulary table. A term may be part of what somebody wrote, so its column is classified as the text is."""
    term = VOCABULARY.field("term")
    schema = VOCABULARY.set(0, term.with_metadata({"comment": f"a term of {text}, in clear", **_notes(contract, text)}))
    return TablePlan(schema, f"the terms behind the features of {contract.name}, with their weights")


def summary_plan(contract: Contract, frame: Any) -> TablePlan:
    """The summary table: label, count, first and last time."""
    return TablePlan(_arrow(frame), f"the rows behind the features of {contract.name}, label by label")


def vocabulary_rows(vocabulary: Vocabulary, idf: tuple[float, ...]) -> pa.Table:
    """The vocabulary as a table, in the order of the vectors."""
    columns = [vocabulary.terms, range(len(idf)), vocabulary.documents, vocabulary.counts, idf]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, VOCABULARY, strict=True)], VOCABULARY
    )


def _notes(contract: Contract, text: str) -> dict[str, str]:
    """What the policy may ask about a column made from the text: it is as delicate as the text itself."""
    column = next(column for column in contract.columns if column.name == text)
    return {table_plans.CLASSIFICATION: column.classification, table_plans.TAGS: ",".join(column.tags)}


def _arrow(frame: Any) -> pa.Schema:
    from pyspark.sql.pandas.types import to_arrow_schema

    return pa.schema([field.with_nullable(True) for field in to_arrow_schema(frame.schema)])
