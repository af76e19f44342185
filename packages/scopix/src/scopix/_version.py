"""The version, alone in a file so that nothing else is loaded to learn it."""

__all__ = ["__version__"]

__version__ = "2.0.0"
