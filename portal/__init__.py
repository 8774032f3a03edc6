"""The composition root of the portal: settings, addresses, workers, and what belongs to no stakeholder."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
