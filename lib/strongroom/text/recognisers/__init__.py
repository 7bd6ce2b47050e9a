"""What finds one kind of thing, one subject a file: each a function from a block to spans."""
