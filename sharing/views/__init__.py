"""Pages of consent, one room a concept."""
