"""Durable work, on DBOS behind the JobQueue port, and the processes that do it."""
