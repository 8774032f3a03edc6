"""How gunicorn serves the portal; `gunicorn portal.wsgi` reads it in this folder, flags on its command line win.

A sync worker is busy for as long as a request is being received, so a proxy that buffers requests must stand in front
(docs/operations.md). `timeout` then only has to cover moving the largest upload over a local connection.
"""

import os
import shutil
import tempfile
from typing import Any

workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
timeout = 120
graceful_timeout = 60
limit_request_line = 8190
control_socket_disable = True
accesslog = None  # addresses hold secrets and what people searched for: the portal logs routes itself

# Metrics of all workers together are kept in files of this folder (portal/core/health/metrics.py).
_own_folder = ""
if os.environ.get("METRICS_TOKEN") and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _own_folder = tempfile.mkdtemp(prefix="portal-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _own_folder


def child_exit(_server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Remove the folder that was made above."""
    if _own_folder:
        shutil.rmtree(_own_folder, ignore_errors=True)
