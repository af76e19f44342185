"""What is true whatever the tools."""
