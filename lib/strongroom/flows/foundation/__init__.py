"""What every flow stands on: may it, which contract, which keys, which tables."""
