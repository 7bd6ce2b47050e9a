"""The sample lake: invented reviews and customers, with every fault planted on purpose."""
