"""The one pass over rows: fed by files or by Spark, judged, protected, counted and written, by whoever runs tasks."""
