"""The way in: bytes arrive, are checked while they stream by, and become a recorded file with its job."""
