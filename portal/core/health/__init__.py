"""Whether the portal is well: heartbeats of its processes, readiness, checks of an installation, metrics."""
