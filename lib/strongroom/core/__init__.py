"""The words: contract, policy, settings, run, keys, errors, and their strict reading. No Arrow, no Spark, no store."""
