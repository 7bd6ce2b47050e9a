"""Personal data in text: an Arrow array of strings → spans in character offsets of the original."""

from strongroom.text.finder import ENTITIES, Finder, find

__all__ = ["ENTITIES", "Finder", "find"]
