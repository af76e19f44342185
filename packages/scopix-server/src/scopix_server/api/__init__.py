"""The REST API: HTTP on one side, the pipeline and the ports on the other."""
