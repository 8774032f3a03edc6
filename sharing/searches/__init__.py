"""The records of who searched by findings."""
