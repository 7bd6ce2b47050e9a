"""A policy looked at as a whole: why not, who sees what, what changes, which rules do nothing."""
