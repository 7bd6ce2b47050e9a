"""Spark: the session, what of it may change bytes or meaning, and its errors in our words."""
