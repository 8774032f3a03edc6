"""The jobs of imports, for workers: importing this module registers the handlers (see `apps.py`)."""

from assessments.imports import services

HANDLERS = (services.check_table, services.import_table)
