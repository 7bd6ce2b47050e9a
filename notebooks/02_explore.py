# Databricks notebook source
# MAGIC %md
# MAGIC # Look at a training table
# MAGIC Everything here is read through the policy, so each reader sees the columns and rows that are theirs.
# MAGIC The figures show counts only.

# COMMAND ----------

dbutils.widgets.text("config", "../conf/local.yaml", "Settings file")
dbutils.widgets.text("contract", "", "Contract (empty: the settings')")
dbutils.widgets.text("purpose", "", "Purpose (empty: the contract's only one)")
dbutils.widgets.text("principal", "", "Act as (empty: the settings' principal)")

# COMMAND ----------

from strongroom.flows import explore
from strongroom.flows.explore import figures
from strongroom.notebook import run_flow

view = run_flow(
    explore,
    spark=spark,
    config=dbutils.widgets.get("config"),
    contract=dbutils.widgets.get("contract"),
    purpose=dbutils.widgets.get("purpose"),
    principal=dbutils.widgets.get("principal"),
)
print(view.summary)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The rows
# MAGIC How often each label stands in the table, and how long the texts are.

# COMMAND ----------

labels = explore.label_counts(view)
display(figures.bars(labels, name="label", count="rows", title="Labels"))

# COMMAND ----------

lengths = explore.text_lengths(view)
display(figures.spread(lengths, value="length", count="rows", title="Length of the texts", unit="characters"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The runs
# MAGIC What each run of `prepare` read, wrote and set aside.

# COMMAND ----------

runs = explore.last_runs(view)
display(figures.runs(runs, title="Rows per run"))
display(runs)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The last run
# MAGIC The rules that rows broke, and nulls per column among the rows read and the rows written.

# COMMAND ----------

counted = explore.metrics(view, run_id=runs["run_id"].iloc[-1])
failures = explore.rule_failures(counted)
broken = failures[failures["rows"] > 0]
display(figures.bars(broken, name="rule", count="rows", title="Rows that broke a rule", tone=figures.BAD, shares=False))
print(f"{len(failures) - len(broken)} of {len(failures)} rules were broken by no row.")

# COMMAND ----------

nulls = explore.nulls(counted)
holed = nulls[nulls["before"] + nulls["after"] > 0]
display(figures.before_after(holed, name="column", title="Nulls per column, before and after"))
print(f"{len(nulls) - len(holed)} of {len(nulls)} columns have no nulls.")
