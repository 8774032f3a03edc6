"""Short codes, which a person types or scans to reach a decision."""
