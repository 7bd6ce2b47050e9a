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

labels = explore.mine(explore.label_counts, view, say=print)
if labels is not None:
    display(figures.bars(labels, name="label", count="rows", title="Labels"))

# COMMAND ----------

lengths = explore.mine(explore.text_lengths, view, say=print)
if lengths is not None:
    display(figures.spread(lengths, value="length", count="rows", title="Length of the texts", unit="characters"))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The runs
# MAGIC What each run of `prepare` read, wrote and set aside.

# COMMAND ----------

runs = explore.mine(explore.last_runs, view, say=print)
if runs is not None:
    display(figures.runs(runs, title="Rows per run"))
    display(runs)

# COMMAND ----------

# MAGIC %md
# MAGIC ## The last run
# MAGIC The rules that rows broke, and nulls per column among the rows read and the rows written.

# COMMAND ----------

counted = explore.mine(explore.metrics, view, say=print)
if counted is not None:
    failures = explore.rule_failures(counted)
    broken = failures[failures["rows"] > 0]
    display(figures.bars(broken, name="rule", count="rows", title="Rows that broke a rule", tone=figures.BAD, shares=False))
    print(f"{len(failures) - len(broken)} of {len(failures)} rules were broken by no row.")

# COMMAND ----------

if counted is not None:
    nulls = explore.nulls(counted)
    holed = nulls[nulls["before"] + nulls["after"] > 0]
    display(figures.before_after(holed, name="column", title="Nulls per column, before and after"))
    print(f"{len(nulls) - len(holed)} of {len(nulls)} columns have no nulls.")
