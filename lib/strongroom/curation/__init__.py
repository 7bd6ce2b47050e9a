"""Which texts are fit to train on: rules, language, duplicates, contamination. Arrow strings → reasons. No Spark."""
