"""Texts as features: terms, vocabulary, TF-IDF, labels."""
