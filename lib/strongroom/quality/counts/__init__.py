"""What is counted of a batch, small and mergeable: tallies, labels, distinct values, sketches."""
