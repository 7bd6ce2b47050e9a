# Databricks notebook source
# MAGIC %md
# MAGIC # My tables
# MAGIC From nothing to a pandas frame and a plot in ten lines, the same in any Python: `strongroom.tables()` lists what you may
# MAGIC read, and `strongroom.read()` gives a table's rows and columns as the policy has them for you. Each call is an entry in
# MAGIC the audit log.

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

who = {"settings": dbutils.widgets.get("config"), "principal": dbutils.widgets.get("principal")}
display(pd.DataFrame(strongroom.tables(**who))[["name", "purpose", "columns"]])

# COMMAND ----------

# MAGIC %md
# MAGIC ## The rows
# MAGIC As a frame of pandas; for more rows than memory holds, leave `toPandas` out and stay in Spark.

# COMMAND ----------

mine = strongroom.read(dbutils.widgets.get("table"), purpose=dbutils.widgets.get("purpose"), **who).toPandas()
display(mine.notna().mean().mul(100).plot.barh(title="Rows with a value, in percent").figure)
