"""The words of keys: the ring of them, and what roles were given of it. A key shows itself to nobody."""
