"""The embedded server itself: what it must not do, and what it must survive."""

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devtools.embedded import accounts, errors, files, processes, programs, roles, throwaways
from devtools.embedded.accounts import Account
from devtools.embedded.errors import DatabaseError
from devtools.embedded.server import Place, Server
from tests.dev.checkout import REPOSITORY, wait_until

pytestmark = pytest.mark.by_turns
PASSWORDS = dict.fromkeys(roles.ROLES, "abc123")
VENV = Path(sys.prefix)


def place_for(folder: Path) -> Place:
    packaged = programs.packaged_binaries(VENV)
    if os.geteuid() != 0:
        return Place(folder, packaged)
    account = accounts.spare_account(folder.name)
    base, binaries = programs.root_base(packaged, account)
    return Place(base / f"portal-test-{os.getpid()}-{folder.name}", binaries, account)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A cluster with nothing in it, which never runs: what the others begin as."""
    folder = tmp_path_factory.mktemp("empty")
    made = Server(place_for(folder / "empty"), f"portal-{folder.name}", "secret", folder / "log", durable=False)
    made.initialise()
    yield made
    made.destroy()


@pytest.fixture
def server(tmp_path: Path, empty: Server) -> Iterator[Server]:
    """A running server with nothing in it."""
    place = place_for(tmp_path / "cluster")
    made = Server(place, f"portal-{tmp_path.name}", "secret", tmp_path / "log", durable=False)
    subprocess.run(["cp", "-a", empty.place.folder, place.folder], check=True)
    if place.account:
        subprocess.run(["chown", "-R", f"{place.account.uid}:{place.account.gid}", place.folder], check=True)
    made.start()
    made.wait_ready()
    yield made
    made.destroy()


def another(server: Server) -> Server:
    """The same cluster as a later process sees it."""
    return Server(server.place, server.name, "secret", server.log, durable=False)


def pid_of(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


def pid_file(server: Server) -> Path:
    return server.place.data / "postmaster.pid"


@contextmanager
def stranger(server: Server) -> Iterator[int]:
    """A process of the server's own user that is no server."""
    account = server.place.account
    words = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    process = subprocess.Popen(["/bin/sleep", "60"], cwd="/", **words)  # type: ignore[call-overload]
    yield process.pid
    assert process.poll() is None, "the stranger was harmed"
    process.kill()
    process.wait()


def test_roles_have_no_more_rights_than_they_need(server: Server) -> None:
    roles.create_roles(server, PASSWORDS)
    roles.create_roles(server, PASSWORDS)
    rows = server.sql(
        "select rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls from pg_roles "
        "where rolname like 'portal%' order by 1"
    )
    assert rows.split() == ["portal_app|f|f|f|f", "portal_owner|f|t|f|f", "portal_queue|f|f|f|f"]
    for statement in ("create table mine (id int)", "create schema mine", "create database mine"):
        with pytest.raises(DatabaseError, match="permission denied"):
            server.sql(statement, "portal", user="portal_app", password="abc123")
    with pytest.raises(DatabaseError, match="permission denied"):
        server.sql("select 1", "portal_queue", user="portal_app", password="abc123")


def test_every_role_needs_its_password(server: Server) -> None:
    roles.create_roles(server, PASSWORDS)
    for role in ("postgres", *roles.ROLES):
        with pytest.raises(DatabaseError, match="password"):
            server.sql("select 1", user=role, password="wrong")


def test_the_log_holds_no_value_of_a_statement_that_fails(server: Server) -> None:
    server.sql("create table people (email text unique)")
    insert = "insert into people values ('secret@example.org')"
    server.sql(insert)
    with pytest.raises(DatabaseError, match="people_email_key"):
        server.sql(insert)
    logged = server.log.read_text()
    assert "people_email_key" in logged
    assert "secret@" not in logged


def test_the_queue_is_installed_once(server: Server) -> None:
    roles.create_roles(server, PASSWORDS)
    for _ in range(2):
        roles.install_queue(server, PASSWORDS, VENV)
    sent = "select pgmq.create('q'); select pgmq.send('q', '{}'); select message from pgmq.read('q', 1, 1)"
    assert "{}" in server.sql(sent, "portal_queue", user="portal_queue", password="abc123")


def test_nobody_else_can_open_the_socket(server: Server) -> None:
    assert server.socket_folder is not None
    status = server.socket_folder.stat()
    owner = os.geteuid() if server.place.account is None else server.place.account.uid
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (owner, 0o700)
    assert server.sql("show listen_addresses").strip() == ""
    assert stat.S_IMODE(server.place.folder.stat().st_mode) == 0o700


def test_rows_survive_a_killed_server(server: Server) -> None:
    server.stop()
    server.durable = True
    server.start()
    server.wait_ready()
    server.sql("create table kept (id int); insert into kept select generate_series(1, 1000)")
    os.kill(pid_of(server), signal.SIGKILL)
    server.start()
    server.wait_ready()
    assert server.sql("select count(*) from kept").strip() == "1000"


def test_a_leaked_server_is_ended_before_the_next_starts(server: Server) -> None:
    server.sql("create table kept (id int)")
    leaked = pid_of(server)
    later = another(server)
    later.socket_folder = server.socket_folder
    assert later.end_leaked() == 1
    assert server.process is not None
    server.process.wait()
    assert not processes.start_time(leaked)
    later.start()
    later.wait_ready()
    assert later.sql("select count(*) from kept").strip() == "0"
    later.stop()


def test_children_of_a_killed_server_are_ended_too(server: Server) -> None:
    """A backend that is busy does not notice that its server died, and keeps the data in use."""
    busy = subprocess.Popen(
        [server.place.program("psql"), "-h", str(server.socket_folder), "-U", "postgres", "-d", "postgres",
         "-c", "select count(*) from generate_series(1, 1e10)"],
        env={"PGPASSWORD": "secret"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: server.sql("select count(*) from pg_stat_activity where query like '%1e10%'") > "1", 10)
    os.kill(pid_of(server), signal.SIGKILL)
    server.start()
    server.wait_ready()
    busy.wait(20)
    master = str(pid_of(server))
    found = processes.server_processes(server.place.data, server.name)
    assert {parent_of(pid, master) for pid in found if str(pid) != master} == {master}


def parent_of(pid: int, default: str) -> str:
    """The number of the process's parent, or the default when it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return default


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(server: Server) -> None:
    """After a restart of the machine the number may be anybody's; that process is not touched."""
    os.kill(pid_of(server), signal.SIGKILL)
    assert server.process is not None
    server.process.wait()
    wait_until(lambda: not processes.server_processes(server.place.data, server.name), 10)
    with stranger(server) as number:
        lines = pid_file(server).read_text().split("\n")
        pid_file(server).write_text("\n".join([str(number), *lines[1:]]))
        server.start()
        server.wait_ready()
        assert pid_file(server).read_text().startswith(f"{pid_of(server)}\n")


def test_a_pid_file_that_names_a_dead_process_does_not_stop_the_start(server: Server) -> None:
    """In a container whose first process collects nobody, the killed server stays listed."""
    os.kill(pid_of(server), signal.SIGKILL)
    killed, server.process = server.process, None
    assert killed is not None
    wait_until(lambda: not processes.server_processes(server.place.data, server.name), 10)
    server.start()
    server.wait_ready()
    killed.wait()


def test_the_pid_file_stays_while_a_server_lives(server: Server) -> None:
    later = another(server)
    before = pid_file(server).read_text()
    later.clear_stale_pid_file()
    assert pid_file(server).read_text() == before
    with stranger(server) as number:  # even when the file was damaged to name somebody else
        pid_file(server).write_text(before.replace(str(pid_of(server)), str(number)))
        later.clear_stale_pid_file()
        assert pid_file(server).exists()
        pid_file(server).write_text(before)


def test_an_interrupted_creation_is_done_again(tmp_path: Path) -> None:
    server = Server(place_for(tmp_path / "half"), "portal-half", "secret", tmp_path / "log", durable=False)
    half = server.place.folder / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert not server.is_initialised()
    try:
        server.initialise()
        server.start()
        server.wait_ready()
        assert not half.exists()
    finally:
        server.destroy()


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, programs.packaged_binaries(VENV))
    place.data.mkdir()
    (place.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseError, match="belongs to PostgreSQL 16, the programs are version 18"):
        Server(place, "portal-old", "secret", tmp_path / "log").initialise()


def test_the_reason_of_a_failing_start_is_told(server: Server) -> None:
    server.stop()
    (server.place.data / "postgresql.conf").write_text("shared_buffers = many\n")
    server.start()
    with pytest.raises(DatabaseError, match=r"The database did not start: .*postgresql\.conf"):
        server.wait_ready(10)


def test_a_full_disk_is_told() -> None:
    output = 'PANIC:  could not write to file "pg_wal/xlogtemp.7": No space left on device'
    assert errors.explain(output, "The database did not start") == (
        "The database did not start: the disk is full. Free some space, then run ./dev again."
    )


def test_a_throw_away_server_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    registry = tmp_path / "throwaway"
    code = (
        "import sys, time, pathlib; sys.path.insert(0, sys.argv[1])\n"
        "from devtools.embedded.throwaways import throwaway\n"
        "from tests.dev.test_database import place_for\n"
        "registry = pathlib.Path(sys.argv[2])\n"
        "with throwaway(lambda name: place_for(registry / name), registry) as server:\n"
        "    print(server.place.folder, flush=True); time.sleep(60)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", code, REPOSITORY, registry], stdout=subprocess.PIPE, text=True, cwd="/"
    )
    assert owner.stdout is not None
    folder = Path(owner.stdout.readline().strip())
    assert folder.is_dir()
    socket_folder = Path(next(registry.glob("*.socket")).read_text())
    assert socket_folder.is_dir()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    place = Place(folder, place_for(tmp_path / "x").binaries)
    throwaways.sweep_throwaways(lambda _: place, registry)
    assert not folder.exists()
    assert not socket_folder.exists()
    assert list(registry.iterdir()) == []


def test_only_processes_that_are_ours_are_signalled() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        started = processes.start_time(process.pid)
        assert not processes.send(process.pid, signal.SIGKILL, lambda pid: processes.start_time(pid) == "other life")
        assert process.poll() is None
        assert processes.send(process.pid, signal.SIGKILL, lambda pid: processes.start_time(pid) == started)
        process.wait(5)
        assert processes.start_time(process.pid) == ""


def test_a_lock_is_dropped_with_its_process(tmp_path: Path) -> None:
    lock = files.Lock(tmp_path / "lock")
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); import pathlib; from devtools.embedded import files\n"
        "assert files.Lock(pathlib.Path(sys.argv[2])).acquire(); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, REPOSITORY, lock.path], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert not lock.acquire()
        holder.kill()
    assert lock.acquire()
    lock.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
def test_root_hands_the_server_to_a_uid_of_its_own(server: Server) -> None:
    account = server.place.account
    assert isinstance(account, Account)
    status = Path(f"/proc/{pid_of(server)}/status").read_text()
    assert f"Uid:\t{account.uid}\t{account.uid}\t{account.uid}" in status
    assert f"Gid:\t{account.gid}\t{account.gid}\t{account.gid}" in status
    assert "Groups:\t \n" in status or "Groups:\t\n" in status
    assert (server.place.binaries / "bin/postgres").stat().st_uid == 0, "the server cannot change its own programs"
