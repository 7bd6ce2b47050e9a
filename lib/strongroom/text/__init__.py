"""Personal data in text: an Arrow array of strings → spans in character offsets of the original."""

from strongroom.text.finder import COURT, ENTITIES, Finder, find

__all__ = ["COURT", "ENTITIES", "Finder", "find"]
