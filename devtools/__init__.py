"""Rehearsals that need a served PostgreSQL and Redis; run by `.ci/run`."""
