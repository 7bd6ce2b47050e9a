"""A decision as Spark SQL: which rows, which columns, masked how."""
