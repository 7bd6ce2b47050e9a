"""Ciphers over all rows of a batch at once, and how values lie as bytes for them."""
