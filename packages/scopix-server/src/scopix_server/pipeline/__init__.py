"""The way of a file: receive, sniff, store, record and enqueue, decode once, perceive, describe, save."""
