"""The built-in describer: it says what was read and measured, and nothing else."""
