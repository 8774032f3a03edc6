"""The health of the portal: heartbeats of its processes, readiness, checks of an installation, metrics."""
