"""Raw files as rows: one reader a format turns a part of a file into Arrow batches. No Spark, no storage, no clock."""
