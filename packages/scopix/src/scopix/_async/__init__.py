"""The asynchronous client, written by hand. `_sync` beside it is generated from it by scripts/unasync."""
