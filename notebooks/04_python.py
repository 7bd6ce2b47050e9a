# Databricks notebook source
# MAGIC %md
# MAGIC # Read tables in Python
# MAGIC Two calls, the same in any Python: `strongroom.tables()` lists what you may read, and `strongroom.read()` gives a table's
# MAGIC rows and columns as the policy has them for you.

# COMMAND ----------

dbutils.widgets.text("config", "", "Settings file (empty: the nearest)")
dbutils.widgets.text("table", "training.reviews", "Table")
dbutils.widgets.text("purpose", "model_training", "Purpose")
dbutils.widgets.text("principal", "", "Read as (empty: yourself)")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What may I read?
# MAGIC One line a table; one more for each purpose that gives something else.

# COMMAND ----------

import pandas as pd

import strongroom

who = {
    "spark": spark,
    "settings": dbutils.widgets.get("config"),
    "principal": dbutils.widgets.get("principal"),
}
mine = strongroom.tables(**who)
display(pd.DataFrame([(each.name, each.purpose, ", ".join(each.columns)) for each in mine], columns=["table", "purpose", "columns"]))

# COMMAND ----------

# MAGIC %md
# MAGIC ## The rows
# MAGIC A Spark DataFrame, and this call an entry in the audit log.

# COMMAND ----------

rows = strongroom.read(dbutils.widgets.get("table"), purpose=dbutils.widgets.get("purpose"), **who)
print(f"{rows.count()} rows of {len(rows.columns)} columns: {', '.join(rows.columns)}")
