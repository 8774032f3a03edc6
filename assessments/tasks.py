"""The jobs of assessments, for workers. Handlers are registered when the app is ready (see `apps.py`)."""

from celery import shared_task  # noqa: TID251 - periodic work has no job row

from assessments.reports import services as report_services
from portal.core.jobs import job_handler

job_handler(report_services.KIND)(report_services.make_report)


@shared_task(acks_late=True, max_retries=0)
def clear_old_report_files() -> int:
    """Delete report files that nobody will fetch any more (nightly by beat)."""
    return report_services.clear_old_files()
