"""The report of a run: what people and other systems are told of it, and how it reaches them."""
