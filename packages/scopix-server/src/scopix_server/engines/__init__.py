"""Engines: what is measured on an image (perception) and what is said about it (description)."""
