"""The lake's Delta tables: what one is to be, how its files are staged and committed, and what others did meanwhile."""

from strongroom.stores.lake.lake import Lake, filesystem_of

__all__ = ["Lake", "filesystem_of"]
