# Databricks notebook source
# MAGIC %md
# MAGIC # Prepare a data set
# MAGIC Reads the raw files that a contract names, checks every row, protects the columns that the contract protects, and
# MAGIC publishes the rows that hold as a training table. Rows that break a rule go to quarantine, sealed, with every reason.
# MAGIC
# MAGIC The contract and the settings decide everything; this page only starts the work. The same run again changes nothing.

# COMMAND ----------

dbutils.widgets.text("config", "../conf/local.yaml", "Settings file")
dbutils.widgets.text("contract", "", "Contract (empty: the settings')")
dbutils.widgets.dropdown("mode", "overwrite", ["overwrite", "append"], "Mode")
dbutils.widgets.text("purpose", "", "Purpose (empty: the contract's only one)")
dbutils.widgets.text("principal", "", "Act as (empty: the settings' principal)")
dbutils.widgets.text("run_id", "", "Run id (empty: a new one)")

# COMMAND ----------

# MAGIC %md
# MAGIC ## The run

# COMMAND ----------

from strongroom.flows import prepare
from strongroom.notebook import run_flow

outcome = run_flow(
    prepare,
    spark=spark,
    config=dbutils.widgets.get("config"),
    contract=dbutils.widgets.get("contract"),
    purpose=dbutils.widgets.get("purpose"),
    principal=dbutils.widgets.get("principal"),
    run_id=dbutils.widgets.get("run_id"),
    settings={"prepare.mode": dbutils.widgets.get("mode")},
)
print(outcome.summary)

# COMMAND ----------

# MAGIC %md
# MAGIC Next: look at the result in `02_explore`, or make features of its texts in `03_vectorize`.
