"""From raw columns to a first contract: what their values are, what they probably mean, and how to say it. No Spark.

Tallies are of parts and merge in any order (`tally`); `shape` turns one into a type with its rules, `meaning` into a
proposed protection, `writing` into the text of a contract. `dialect` and `encoding` guess how a text file is written.
"""
