"""The methods of protection: one method, one file."""
