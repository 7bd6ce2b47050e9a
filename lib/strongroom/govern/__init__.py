"""Decisions only: may they, and if not, why not. It opens nothing and asks no clock."""
