"""Corrections: who holds a version that was replaced or withdrawn, and whether they acknowledged it."""
