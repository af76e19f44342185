"""Measuring engines against pictures whose truth is known."""
