"""The Celery application. Tasks are found in each app's `tasks.py`; settings start with `CELERY_`."""

import os

from celery import Celery
from celery.signals import setup_logging

from portal.core.worker import ReaderTask, WorkerHeart

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal", task_cls=ReaderTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add(WorkerHeart)


@setup_logging.connect
def keep_logging(**_options: object) -> None:
    """Leave the log as the settings made it: `LOG_LEVEL` decides, and not a flag of Celery's command line."""
