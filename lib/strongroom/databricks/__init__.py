"""What a notebook finds around it on Databricks, stood in for here: its format, `dbutils`, `display`, its page."""
