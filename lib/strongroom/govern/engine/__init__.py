"""The policy engine: compiles rules, and decides one request at one moment."""
