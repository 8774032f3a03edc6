"""One cluster and its server process."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from devtools.embedded.accounts import Account, nobody
from devtools.embedded.errors import DatabaseError, explain
from devtools.embedded.files import rotate, tail, write_private
from devtools.embedded.processes import LINUX, child_setup, command, end, server_processes, start_time, works_in
from devtools.embedded.sockets import empty_socket_folder, private_socket_folder

SUPERUSER = "postgres"
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
ENDING = [(signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]


@dataclass(frozen=True)
class Place:
    """Where a cluster lives and who runs its server (``account`` is None for: the one who runs this)."""

    folder: Path
    binaries: Path
    account: Account | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def program(self, name: str) -> str:
        return str(self.binaries / "bin" / name)


class Server:
    """One embedded PostgreSQL. ``start`` it, use ``sql`` and ``url``, ``stop`` it; ``destroy`` removes its data.

    ``durable=False`` gives a throw-away cluster: faster, and its data does not survive a power cut.
    """

    def __init__(self, place: Place, name: str, password: str, log: Path, *, durable: bool = True) -> None:
        self.place = place
        self.name = name
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self.socket_folder: Path | None = None
        self._password = password

    # -- making it

    def is_initialised(self) -> bool:
        return (self.place.data / "PG_VERSION").exists()

    def initialise(self) -> None:
        """Create the cluster if it does not exist; an interrupted attempt is done again from the start."""
        self.check_version()
        if self.is_initialised():
            return
        self._make_folder()
        fresh = self.place.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._initdb(fresh)
        fresh.rename(self.place.data)

    def check_version(self) -> None:
        try:
            version = (self.place.data / "PG_VERSION").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return
        if version != "18":
            raise DatabaseError(
                f"The data in {self.place.data} belongs to PostgreSQL {version}, the programs are version 18: "
                "dump it with the old version, or run ./dev reset to start with a new database."
            )

    def _make_folder(self) -> None:
        self.place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.place.folder.chmod(0o700)

    def _initdb(self, target: Path) -> None:
        """Run initdb; as root under ``nobody`` (it wants a named user), then the files change hands."""
        account = nobody() if self.place.account else None
        if account:
            os.chown(self.place.folder, account.uid, account.gid)
        secret = self.place.folder / "initial-password"
        write_private(secret, self._password + "\n")
        if account:
            os.chown(secret, account.uid, account.gid)
        arguments = [
            self.place.program("initdb"), "-D", str(target), "-U", SUPERUSER, "--pwfile", str(secret),
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--text-search-config=simple", "--no-instructions",
            *([] if self.durable else ["--no-sync"]),
        ]  # fmt: skip
        result = subprocess.run(
            arguments,
            capture_output=True, text=True, cwd="/", env=_clean_environment(), check=False,
            preexec_fn=child_setup(signal.SIGKILL, account),
        )  # fmt: skip
        secret.unlink()
        if result.returncode != 0:
            raise DatabaseError(explain(result.stderr or result.stdout, "The database could not be created"))
        if self.place.account and account != self.place.account:
            give(self.place.folder, self.place.account)

    # -- running it

    def start(self) -> None:
        """Start the server as a child of this process; a leaked one of the same cluster is ended first."""
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5.0)  # it was killed: collect it
        self.end_leaked()
        self.clear_stale_pid_file()
        if self.socket_folder is None:
            self.socket_folder = private_socket_folder(self.place.account)
        empty_socket_folder(self.socket_folder)
        rotate(self.log)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.place.program("postgres"), "-D", str(self.place.data), *self._settings()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_clean_environment(),
                preexec_fn=child_setup(signal.SIGINT, self.place.account),
            )  # fmt: skip

    def _settings(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "cluster_name": self.name,
            "max_connections": "80",
            "shared_buffers": "128MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] %u@%d ",
            # What fails is logged without its statement and detail: they hold people's addresses and answers.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            "jit": "off",
        }
        if not self.durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "autovacuum": "on",
            }
        if LINUX and not _has_shared_memory():
            settings["dynamic_shared_memory_type"] = "mmap"
        return [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Return when the server answers ``select 1``.

        Raises DatabaseError when it ends or does not answer in time; the message carries the server's own reason.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise DatabaseError(explain(tail(self.log), "The database did not start", self.log))
            if self.answers():
                return
            time.sleep(0.05)
        raise DatabaseError(f"The database did not answer within {seconds:.0f} s: see {self.log}.")

    def answers(self) -> bool:
        try:
            return self.sql("select 1").strip() == "1"
        except DatabaseError:
            return False

    def sql(self, text: str, database: str = "postgres", *, user: str = SUPERUSER, password: str = "") -> str:
        """Run SQL (several statements, psql's meta commands too) and return what it printed, one row per line."""
        environment = _clean_environment() | {
            "PGPASSWORD": password or self._password,
            "PGCONNECT_TIMEOUT": "3",
            "PGAPPNAME": "portal-dev",
        }
        result = subprocess.run(
            [self.place.program("psql"), "-h", str(self.socket_folder), "-U", user, "-d", database,
             "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"],
            input=text, capture_output=True, text=True, env=environment, cwd="/", timeout=300, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise DatabaseError(explain(result.stderr, "The database refused a statement"))
        return result.stdout

    def url(self, user: str, password: str, database: str, scheme: str = "postgres") -> str:
        """Return the address of a database as django-environ reads it: two slashes before the socket's folder."""
        return f"{scheme}://{user}:{password}@/{self.socket_folder}/{database}"

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stop the server cleanly (fast, then immediate, then kill) and remove its socket's folder."""
        process = self.process
        if process is not None and process.poll() is None:
            for number, wait in ((signal.SIGINT, seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                process.send_signal(number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(wait)
                    break
        self.process = None
        if self.socket_folder is not None:
            shutil.rmtree(self.socket_folder, ignore_errors=True)
            self.socket_folder = None

    def destroy(self) -> None:
        """Stop the server and remove the cluster."""
        self.stop(2.0)
        self.end_leaked()
        shutil.rmtree(self.place.folder, ignore_errors=True)

    # -- what an earlier life left behind

    def end_leaked(self) -> int:
        """End server processes of this cluster that are not this object's child; return how many there were."""

        def leaked() -> list[int]:
            if self.process is not None and self.process.poll() is None:
                return []
            return _postmaster_first(server_processes(self.place.data, self.name))

        found = leaked()
        if found and not end(leaked, self._is_ours, ENDING):
            raise DatabaseError(
                f"An earlier database server (process {found[0]}) does not end: end it, then run ./dev again."
            )
        return len(found)

    def _is_ours(self, pid: int) -> bool:
        return works_in(pid, self.place.data, self.name)

    def clear_stale_pid_file(self) -> None:
        """Remove ``postmaster.pid`` if its number is now a stranger's and no server works on the data.

        PostgreSQL itself deals with a number that no process has; it refuses to start when another process of
        the same user got the number (usual after a container's restart), or a zombie keeps it.
        """
        file = self.place.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            return
        words = command(pid)
        is_stranger = bool(words) and not words[0].rpartition("/")[2].startswith("postgres")
        is_dead = not start_time(pid)  # it may still be listed, when its parent does not collect it
        if (is_stranger or is_dead) and not server_processes(self.place.data, self.name):
            file.unlink(missing_ok=True)


def _postmaster_first(pids: list[int]) -> list[int]:
    """Return the postmaster alone while it lives (it ends its children itself), else what it left behind."""
    return [pid for pid in pids if "-D" in command(pid)] or pids


def give(folder: Path, account: Account) -> None:
    for path, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            os.chown(Path(path) / name, account.uid, account.gid, follow_symlinks=False)


def _has_shared_memory() -> bool:
    """Return whether /dev/shm has room for parallel queries (containers often give it 64 MB)."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 256 * 2**20  # noqa: S108
    except OSError:
        return False


def _clean_environment() -> dict[str, str]:
    """Return an environment without what redirects libpq or the server; messages in English, to be recognised."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG", "DYLD_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}
