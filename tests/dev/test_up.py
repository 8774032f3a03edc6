"""`./dev up` for real: start, say where, end, start again; what dies is restarted, what leaks is found."""

import os
import shutil
import signal
import socket
import stat
import time
from pathlib import Path

import pytest

from devtools.embedded import processes, sockets
from tests.dev.checkout import Checkout, running, wait_until
from tests.dev.conftest import MakeCheckout

pytestmark = [
    pytest.mark.by_turns,
    pytest.mark.skipif(not processes.LINUX, reason="reads /proc to see what is left behind"),
]


def test_first_run_then_second_run(make_checkout: MakeCheckout) -> None:
    checkout = make_checkout("a long path with spaces/" + "/".join(["thirty characters of a folder!"] * 6))
    with running(checkout):
        output = checkout.output()
        assert f"http://localhost:{checkout.port}" in output
        assert "manager@factory.example" in output
        assert output.count(" s\n") >= 4, "every step says how long it took"
        checkout.sql("create table kept (id int); insert into kept values (1)")
    assert checkout.leftovers() == []

    started = time.monotonic()
    with running(checkout):
        assert time.monotonic() - started < 5
        assert checkout.sql("select count(*) from kept") == "1"
        assert "load_demo" not in checkout.output(), "the demo is loaded once"
        assert " ended (" not in checkout.output(), "nothing dies by itself"
        managed = (checkout.state / "managed.txt").read_text().split("\n")
        assert managed.count("load_demo --skip-checks") == 1
        assert managed.count("migrate --database owner --no-input --skip-checks") == 1


def test_it_says_that_it_is_already_running(checkout: Checkout) -> None:
    with running(checkout) as process:
        again = checkout.run("up", "--port", str(checkout.port))
        assert again.returncode == 0
        assert again.stdout.strip() == (
            f"Already running at http://localhost:{checkout.port} (process {process.pid}). End it with ./dev down"
        )
        assert checkout.run("up", "--port", "1").returncode == 1
        assert checkout.run("status").returncode == 0
        assert checkout.get()
    assert checkout.run("status").returncode == 3


def test_detached_then_down(checkout: Checkout) -> None:
    up = checkout.run("up", "--detach", "--port", str(checkout.port))
    assert up.returncode == 0, up.stdout + up.stderr
    assert f"http://localhost:{checkout.port}" in up.stdout
    assert checkout.get()
    assert checkout.run("down").returncode == 0
    assert checkout.leftovers() == []
    assert checkout.run("down").stdout == "Not running.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])  # every other test ends by SIGTERM
def test_a_signal_ends_everything(checkout: Checkout, number: signal.Signals) -> None:
    process = checkout.up()
    folder = Path(checkout.run_file()["socket_folder"])
    process.send_signal(number)
    assert process.wait(30) == 0, checkout.output()
    assert checkout.leftovers() == []
    assert not folder.exists()
    assert not (checkout.state / "run.json").exists()


def test_what_is_killed_is_started_again(checkout: Checkout) -> None:
    with running(checkout):
        checkout.sql("create table kept (id int); insert into kept values (1)")
        for name in ("web", "worker", "database"):
            checkout.kill_and_wait_for_next(name)
        wait_until(lambda: "the database is back" in checkout.output(), 15, checkout.output)
        assert checkout.get() == str(checkout.pid("web"))
        assert checkout.sql("select count(*) from kept") == "1"


def test_a_task_survives_its_killed_worker(make_checkout: MakeCheckout, tmp_path: Path) -> None:
    checkout = make_checkout(celery=True)
    with running(checkout):
        os.kill(checkout.pid("worker"), signal.SIGSTOP)
        assert checkout.run("manage", "touch", str(tmp_path / "done")).returncode == 0
        os.kill(checkout.pid("worker"), signal.SIGKILL)
        wait_until((tmp_path / "done").exists, 15, checkout.output)


def test_a_killed_supervisor_takes_its_children_along(checkout: Checkout) -> None:
    process = checkout.up()
    checkout.sql("create table kept (id int); insert into kept values (1)")
    process.kill()
    wait_until(lambda: checkout.leftovers() == [], 10, lambda: str(checkout.leftovers()))
    with running(checkout):
        assert checkout.sql("select count(*) from kept") == "1"


def test_leaked_processes_are_ended_by_the_next_up(checkout: Checkout) -> None:
    """Where the kernel does not tell the children (macOS), they live on and hold the port and the data."""
    module = checkout.folder / "devtools" / "embedded" / "processes.py"
    module.write_text(module.read_text().replace("_LIBC = ctypes", "_LIBC = None and ctypes"))
    process = checkout.up()
    checkout.sql("create table kept (id int); insert into kept values (1)")
    before = checkout.pid("web"), checkout.pid("database")
    process.kill()
    process.wait()
    assert all(processes.start_time(pid) for pid in before), "this test needs processes that leak"
    with running(checkout):
        assert "an earlier, killed run left behind" in checkout.output()
        assert not any(processes.start_time(pid) for pid in before)
        assert checkout.sql("select count(*) from kept") == "1"


def test_down_ends_what_a_killed_supervisor_left(checkout: Checkout) -> None:
    module = checkout.folder / "devtools" / "embedded" / "processes.py"
    module.write_text(module.read_text().replace("_LIBC = ctypes", "_LIBC = None and ctypes"))
    process = checkout.up()
    process.kill()
    process.wait()
    assert checkout.leftovers()
    assert checkout.run("down").returncode == 0
    assert checkout.leftovers() == []


def test_a_taken_port_is_said_with_one_that_is_free(checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", checkout.port)):
        result = checkout.run("up", "--port", str(checkout.port))
    assert result.returncode == 1
    assert f"Port {checkout.port} is taken by another program" in result.stderr
    assert "./dev up --port" in result.stderr


def test_the_state_is_private_and_nothing_else_changes(checkout: Checkout) -> None:
    parents = {path: path.stat().st_mode for path in checkout.folder.parents}
    with running(checkout):
        assert stat.S_IMODE(checkout.state.stat().st_mode) == 0o700
        socket_folder = Path(checkout.run_file()["socket_folder"])
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        assert len(str(socket_folder)) < sockets.SOCKET_PATH_LIMIT
        server = Path(f"/proc/{checkout.pid('database')}")
        assert server.stat().st_uid != 0, "PostgreSQL does not run as root"
        assert "listen_addresses=\0" in (server / "cmdline").read_text() + "\0"
    assert {path: path.stat().st_mode for path in checkout.folder.parents} == parents


def test_a_copied_checkout_has_a_life_of_its_own(make_checkout: MakeCheckout, tmp_path: Path) -> None:
    original = make_checkout()
    with running(original):
        original.sql("create table original (id int)")
    copy = make_checkout("copy")
    shutil.rmtree(copy.folder)
    shutil.copytree(original.folder, copy.folder, symlinks=True)
    with running(original), running(copy):
        assert original.get() == str(original.pid("web"))
        assert copy.get() == str(copy.pid("web"))
        original.sql("create table later (id int)")
        assert copy.sql("select to_regclass('later') is null") == "t"


def test_a_moved_checkout_keeps_its_data(checkout: Checkout) -> None:
    with running(checkout):
        checkout.sql("create table kept (id int)")
    moved = checkout.folder.rename(checkout.folder.with_name("moved"))
    checkout.__init__(moved)  # type: ignore[misc]
    with running(checkout):
        assert checkout.sql("select to_regclass('kept') is not null") == "t"


def test_a_failing_migration_is_shown_and_leaves_nothing(checkout: Checkout) -> None:
    manage = checkout.folder / "manage.py"
    manage.write_text("raise RuntimeError('it went wrong')\n")
    result = checkout.run("up", "--port", str(checkout.port))
    assert result.returncode == 1
    assert "manage.py migrate --database owner --no-input --skip-checks failed" in result.stderr
    assert "RuntimeError: it went wrong" in result.stderr
    assert checkout.leftovers() == []


def test_it_starts_without_the_demo_where_that_is_refused(checkout: Checkout) -> None:
    manage = checkout.folder / "manage.py"
    manage.write_text("import sys\nif 'demo' in sys.argv[1]: sys.exit('CommandError: there is data already')\n")
    with running(checkout):
        assert "Without the demo programme: there is data already" in checkout.output()
        assert "No demo accounts: there is data already" in checkout.output()
        assert checkout.get()
