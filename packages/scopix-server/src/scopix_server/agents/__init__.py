"""The endpoint for agents (Model Context Protocol): the SDK's tools over our own REST API, in this process."""
