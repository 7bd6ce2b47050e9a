"""Files beside the tables: reports, exported policies, the access matrix."""
