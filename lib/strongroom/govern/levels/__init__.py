"""What a role is given besides an answer: files of its own, or keys of its own."""
