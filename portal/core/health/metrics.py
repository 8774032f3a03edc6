"""Figures for Prometheus: requests by django-prometheus, and what waits or is gone, measured at each scrape.

Labels are words of the code (a state, a kind of process), never an organisation or a person.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import F, Min
from django.db.models.functions import Now
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.core.health.heartbeats import alive
from portal.core.jobs import counts_by_state, longest_wait
from portal.core.models import Heartbeat, WaitingMail


@dataclass(frozen=True)
class Gauge:
    """A figure with at most one label: `ask` returns its values by the label's value ("" without a label)."""

    name: str
    text: str
    ask: Callable[[], Mapping[str, float]]
    label: str = ""


gauges: dict[str, Gauge] = {}


def register_gauge(gauge: Gauge) -> None:
    """Add a figure to those that are shown."""
    gauges[gauge.name] = gauge


class _Asked(Collector):
    """The gauges, measured at the moment of the scrape; those that the database does not answer are left out."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with suppress(DatabaseError):
            for gauge in gauges.values():
                family = GaugeMetricFamily(gauge.name, gauge.text, labels=[gauge.label] if gauge.label else [])
                for value, count in gauge.ask().items():
                    family.add_metric([value] if gauge.label else [], count)
                yield family


def exposition() -> bytes:
    """Return every figure as Prometheus reads it, those of all web processes together."""
    asked = CollectorRegistry()
    asked.register(_Asked())
    return generate_latest(_requests()) + generate_latest(asked)


def _requests() -> CollectorRegistry:
    """Return what this process counted, or what all of them did where gunicorn.conf.py gave them a folder."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _processes() -> dict[str, float]:
    return {process.value: alive(process).count() for process in Heartbeat.Process}


def _longest_wait() -> dict[str, float]:
    return {"": longest_wait().total_seconds()}


def _heartbeat_ages() -> dict[str, float]:
    ages = Heartbeat.objects.order_by().values_list("process").annotate(age=Min(Now() - F("at")))
    return {process: age.total_seconds() for process, age in ages}


def _kept_mails() -> dict[str, float]:
    return {"": WaitingMail.objects.count()}


register_gauge(Gauge("portal_mails_kept", "Mails that the server did not take yet.", _kept_mails))
register_gauge(Gauge("portal_processes", "Processes that wrote a heartbeat lately.", _processes, "process"))
register_gauge(Gauge("portal_heartbeat_age_seconds", "Age of the newest heartbeat.", _heartbeat_ages, "process"))
register_gauge(Gauge("portal_jobs", "Jobs by state.", counts_by_state, "state"))
register_gauge(Gauge("portal_job_longest_wait_seconds", "How long the oldest queued job has waited.", _longest_wait))
