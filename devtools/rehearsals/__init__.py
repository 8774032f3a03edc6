"""Rehearsals on a served PostgreSQL and Redis; `.ci/run` runs them."""
