"""Who searched by findings."""
