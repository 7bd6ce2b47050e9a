"""Is a row good, and is a run? Rules compiled for Arrow batches, and the gate. No Spark."""
