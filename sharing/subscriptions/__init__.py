"""What participants bought (R6)."""
