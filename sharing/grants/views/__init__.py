"""Pages of granting, of ending access, and of who can see a factory's data."""
