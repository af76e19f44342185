"""The only room that knows all parts: it builds processes from the settings."""
