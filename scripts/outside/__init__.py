"""Making an evaluation set of pictures that nobody here made; see scripts/outside-set."""
