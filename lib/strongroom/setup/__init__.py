"""What must be there before a job runs: Python packages, Java, jars. The standard library is all it needs."""
