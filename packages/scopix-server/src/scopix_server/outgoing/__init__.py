"""Calls to addresses that somebody else named."""
