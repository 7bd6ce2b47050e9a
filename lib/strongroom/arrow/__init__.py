"""The ground that kernels share: the contract's types in Arrow's words, buffers, and nested columns as flat ones."""
