"""Scopix for agents: tools, resources and prompts of the Model Context Protocol. It needs the extra `mcp`."""
