"""Everything outside: files, tables, keys, sessions, and who is asking."""
