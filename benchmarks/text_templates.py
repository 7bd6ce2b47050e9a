"""Texts of our own."""


def run(finder):
    pass
