"""Short codes: what a person types or scans to land on a decision."""
