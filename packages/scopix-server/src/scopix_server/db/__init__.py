"""All SQL, and the only commit."""
