"""Forms of granting and of ending access."""
