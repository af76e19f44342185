"""The self-hosted Scopix server."""
