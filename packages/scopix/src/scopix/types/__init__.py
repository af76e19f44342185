"""The wire contract, shared with the server. Import from the modules: this package itself loads nothing."""
