# Databricks notebook source
# MAGIC %md
# MAGIC # Look at a training table
# MAGIC Everything here is read through the policy, so each reader sees the columns and rows that are theirs, and a line for
# MAGIC what is not. The figures show counts only.

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

labels = explore.mine(
    explore.label_counts, view,
    lambda found: display(figures.bars(found, name="label", count="rows", title="Labels")),
    say=print,
)

# COMMAND ----------

lengths = explore.mine(
    explore.text_lengths, view,
    lambda found: display(figures.spread(found, value="length", count="rows", title="Length of the texts", unit="characters")),
    say=print,
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The runs
# MAGIC What each run of `prepare` read, wrote and set aside.

# COMMAND ----------

runs = explore.mine(
    explore.last_runs, view,
    lambda found: display(figures.runs(found, title="Rows per run")),
    lambda found: display(found),
    say=print,
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The last run
# MAGIC The rules that rows broke, and nulls per column among the rows read and the rows written.

# COMMAND ----------

failures = explore.mine(
    explore.last_failures, view,
    lambda found: display(figures.bars(
        found[found["rows"] > 0], name="rule", count="rows", title="Rows that broke a rule", tone=figures.BAD, shares=False)),
    lambda found: print(f"{(found['rows'] == 0).sum()} of {len(found)} rules were broken by no row."),
    say=print,
)

# COMMAND ----------

nulls = explore.mine(
    explore.last_nulls, view,
    lambda found: display(figures.before_after(
        found[found["before"] + found["after"] > 0], name="column", title="Nulls per column, before and after")),
    lambda found: print(f"{(found['before'] + found['after'] == 0).sum()} of {len(found)} columns have no nulls."),
    say=print,
)
