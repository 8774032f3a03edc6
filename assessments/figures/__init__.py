"""Figures: the findings of an assessment, counted once when its answers became final."""
