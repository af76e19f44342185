"""Texts as vectors: the model behind search by meaning."""
