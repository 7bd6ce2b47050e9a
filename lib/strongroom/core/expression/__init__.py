"""A small language of conditions over the columns of one row: text to a tree, with no evaluation in it."""

from strongroom.core.expression.parser import parse

__all__ = ["parse"]
