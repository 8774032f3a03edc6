"""The speed at which the long table is imported, and whether the worker's memory grows with the file.

Run: `./dev bench import_table`, or `python -m benchmarks.import_table` with the settings of a migrated, otherwise
unused database. Writes a table of ten thousand and one of a million rows (the same ones each time), imports each in
a process of its own, check and apply, everything created from the table, and prints rows per second and peak memory.
Fails under 20,000 rows a second for the million, or when memory differs by more than 50 MB. `--rows` sets the
large one.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

QUESTIONS = 250
CYCLES = 4
SMALL, LARGE = 10_000, 1_000_000
LEAST_ROWS_PER_SECOND = 20_000
MOST_GROWTH = 50 * 1024**2  # bytes
CLUSTERS = 8
POINTS = 38
TEXTS = ("1 200; 310", 'Clinic open 24 h; "good" equipment', "first line\nsecond line", "", "Không có", "17")


def write_table(path: Path, rows: int, country: str) -> None:
    """Write a long table of `rows` rows: 250 questions, four cycles a factory, a tenth of the questions FGW."""
    from assessments.reports.table import COLUMNS

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for visit in range(rows // QUESTIONS):
            factory, cycle = divmod(visit, CYCLES)
            head = [country, f"{country[:2]}-{factory}", f"{country} Garments {factory}", f"{country[:2]}{visit}"]
            head += [str(cycle + 1), f"{visit % 28 + 1:02}/{visit % 12 + 1:02}/{2016 + cycle}", f"{country} CAT V1"]
            for number in range(QUESTIONS):
                writer.writerow([*head, *_question(number), *_finding(visit, number)])


def _question(number: int) -> list[str]:
    point = number * POINTS // QUESTIONS
    kind = "FGW" if number % 10 == 9 else "NC"
    label = f"Requirement {number} of the programme is met at the factory"
    return [f"Cluster {point * CLUSTERS // POINTS}", f"Compliance point {point}", str(1000 + number), label, kind]


def _finding(visit: int, number: int) -> list[str]:
    mix = (visit * 31 + number * 17) % 100
    finding = TEXTS[mix % len(TEXTS)] if number % 10 == 9 else str(int(mix < 18))
    return [finding, "Public Disclosure" if number % 11 == 0 else ""]


def staff() -> str:
    """Return the e-mail of someone who may import for every country; make the account if there is none."""
    from factories.models import CountryProgramme
    from factories.roles import PROGRAMME
    from factories.services import create_programme
    from portal.accounts.models import User
    from portal.accounts.services import add_member

    email = "import-benchmark@portal.example"
    if not User.objects.filter(email=email).exists():
        programme = CountryProgramme.objects.filter(is_global=True).first()
        programme = programme or create_programme(by=None, name="Global programme", is_global=True)
        user = User.objects.create(email=email, name="Import benchmark")
        add_member(by=None, kind=PROGRAMME, organisation=programme, member=user, role="global_staff")
    return email


def import_here(path: Path) -> dict[str, float]:
    """Import one table in this process; return the seconds of check and apply step, and peak memory in bytes."""
    from django.core.files import File

    from assessments.imports.services import confirm_import, error_rows, start_import
    from portal.accounts.models import User
    from portal.core import jobs

    jobs.nudge = lambda job_id: None  # type: ignore[assignment]  # noqa: ARG005 - this process is the worker
    by = User.objects.get(email=staff())
    started = time.perf_counter()
    with path.open("rb") as file:
        batch = start_import(by=by, upload=File(file, name=path.name))
    jobs.run(UUID(str(batch.job_id)))
    batch.refresh_from_db()
    if batch.state != "ready":
        raise SystemExit(f"refused: {error_rows(batch)[:3]}")
    checked = time.perf_counter()
    batch = confirm_import(by=by, batch=batch, create_missing=True)
    jobs.run(UUID(str(batch.job_id)))
    batch.refresh_from_db()
    if batch.state != "applied":
        raise SystemExit("not applied: look at the job")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "check": checked - started,
        "apply": time.perf_counter() - checked,
        "peak": float(peak),
        "rows": float(batch.plan["read"]),
    }


def measured(path: Path) -> dict[str, float]:
    """Run `import_here` in a fresh process and return its result."""
    command = [sys.executable, "-m", "benchmarks.import_table", "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def main(argv: list[str] | None = None) -> int:
    """Print the figures; return 1 when one is beyond its limit."""
    parser = argparse.ArgumentParser(prog="import_table")
    parser.add_argument("--rows", type=int, default=LARGE)
    parser.add_argument("--file", type=Path)
    options = parser.parse_args(argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    if options.file:
        print(json.dumps(import_here(options.file)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small.csv", Path(folder) / "large.csv"
        write_table(small, SMALL, "Haiti")
        write_table(large, options.rows, "Jordan")
        return _judge(measured(small), measured(large))


def _judge(small: dict[str, float], large: dict[str, float]) -> int:
    for figures in (small, large):
        seconds = figures["check"] + figures["apply"]
        print(
            f"import of {figures['rows']:,.0f} rows: {figures['rows'] / seconds:,.0f} rows/s "
            f"(check {figures['check']:.1f} s, apply {figures['apply']:.1f} s), "
            f"peak memory {figures['peak'] / 1024**2:.0f} MB"
        )
    growth = large["peak"] - small["peak"]
    ratio = large["rows"] / small["rows"]
    print(f"peak memory at {ratio:.0f}x the rows: {growth / 1024**2:+.0f} MB")
    speed = large["rows"] / (large["check"] + large["apply"])
    return int(speed < LEAST_ROWS_PER_SECOND or growth > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
