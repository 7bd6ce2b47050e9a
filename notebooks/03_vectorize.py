# Databricks notebook source
# MAGIC %md
# MAGIC # Make features of the texts
# MAGIC Learns a TF-IDF vocabulary from the texts of a training table, writes a table of vectors, and saves a pipeline of plain
# MAGIC Spark ML stages that makes the same vectors of any new text.

# COMMAND ----------

dbutils.widgets.text("config", "../conf/local.yaml", "Settings file")
dbutils.widgets.text("contract", "", "Contract (empty: the settings')")
dbutils.widgets.text("purpose", "", "Purpose (empty: the contract's only one)")
dbutils.widgets.text("principal", "", "Act as (empty: the settings' principal)")
dbutils.widgets.text("run_id", "", "Run id (empty: a new one)")
dbutils.widgets.text("max_features", "100", "Terms at most")
dbutils.widgets.text("new_text", "It works and the price is fine, but service took two weeks to call back.", "A text to try")

# COMMAND ----------

from strongroom.flows import explore, vectorize
from strongroom.flows.explore import figures
from strongroom.notebook import run_flow

who = {
    "spark": spark,
    "config": dbutils.widgets.get("config"),
    "contract": dbutils.widgets.get("contract"),
    "purpose": dbutils.widgets.get("purpose"),
    "principal": dbutils.widgets.get("principal"),
}
outcome = run_flow(
    vectorize,
    **who,
    run_id=dbutils.widgets.get("run_id"),
    settings={"vectorize.max_features": dbutils.widgets.get("max_features")},
)
print(outcome.summary)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The vocabulary
# MAGIC The terms that stand in most texts, and the rows behind the features, label by label.

# COMMAND ----------

view = run_flow(explore, **who)
terms = explore.top_terms(view)
display(figures.bars(terms, name="term", count="documents", title="Texts that hold the term", shares=False))

# COMMAND ----------

display(view.read(f"{view.features}_summary"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## A new text
# MAGIC The saved pipeline, loaded again and applied to a text that it has not seen: the terms it knows, and their weights.

# COMMAND ----------

weights = explore.weigh(view, dbutils.widgets.get("new_text"))
display(figures.bars(weights, name="term", count="weight", title="Weights of the new text", shares=False))
