"""The report for programs: JSON, JUnit XML, Prometheus text, OpenLineage."""
