"""Assessments: one of a factory in one cycle, in one version."""
