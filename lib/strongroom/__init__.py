"""Strongroom makes raw tables of a data lake fit and lawful to train on, and proves it."""

__version__ = "0.1.0"
