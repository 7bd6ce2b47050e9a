"""Rules that no row answers alone, and the newest value of a column: answered by a scan of key columns."""
