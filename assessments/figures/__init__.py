"""Figures: what was found in an assessment, counted once when its answers became final."""
