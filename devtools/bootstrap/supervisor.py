"""The supervisor of `./dev up`: what dies is started again."""

import contextlib
import http.client
import select
import signal
import socket
import time
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.console import Interrupted, Stop, clock, interrupt, relative, say, step
from devtools.bootstrap.database import demo_accounts, prepare_database
from devtools.bootstrap.environment import portal_environment
from devtools.bootstrap.instance import server_of
from devtools.bootstrap.processes import Child, end_leftovers, write_run
from devtools.embedded.errors import DatabaseError
from devtools.embedded.files import tail
from devtools.embedded.server import STOP_SECONDS

GRACE_SECONDS = 3.0


class Supervisor:
    """`./dev up`: the server and the children, from start to end."""

    def __init__(self, mine: dict[str, Any], listener: socket.socket, address: str) -> None:
        self.mine = mine
        self.server = server_of(mine)
        self.listener = listener
        self.address = address
        self.children: list[Child] = []
        self.accounts = ""
        self.wakeup = socket.socketpair()  # (read, written by the interpreter at each signal)

    def run(self) -> None:
        started = time.monotonic()
        self.listen_to_signals()
        try:
            self.start_database()
            prepare_database(self.server, self.mine)
            self.start_children()
            self.announce(time.monotonic() - started)
            self.write_run(ready=True)  # what waits for it finds the address printed
            self.watch()
        except Interrupted as signalled:
            say(f"\nEnding ({signalled}) ...")
        finally:
            self.shut_down()
        say("Ended; the data is kept. Start again with ./dev up")

    def listen_to_signals(self) -> None:
        for end in self.wakeup:
            end.setblocking(False)
        signal.set_wakeup_fd(self.wakeup[1].fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)

    def start_database(self) -> None:
        new = not self.server.is_initialised()
        with step("Creating the database" if new else "Starting the database"):
            self.server.initialise()
            self.server.start()
            self.write_run()
            self.server.wait_ready()

    def start_children(self) -> None:
        environment = portal_environment(self.server, self.mine, owner=False, base_url=self.address)
        environment["PORTAL_SUPERVISED"] = self.mine["id"]
        descriptor = self.listener.fileno()
        web = [
            places.PYTHON, "-m", "gunicorn", "portal.wsgi", "--name", self.mine["id"], "--bind", f"fd://{descriptor}",
            "--workers", "2", "--preload", "--graceful-timeout", "5",
        ]  # fmt: skip
        worker = [
            places.PYTHON, "-m", "celery", "-A", "portal", "worker", "-n", f"{self.mine['id']}@%h", "-B",
            "-s", str(places.STATE / "celerybeat-schedule"), "--concurrency", "2", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle", "--without-heartbeat",
        ]  # fmt: skip
        self.children = [
            Child("web", web, environment, signal.SIGTERM, (descriptor,)),
            Child("worker", worker, environment, signal.SIGQUIT),
        ]
        web_child, worker_child = self.children
        with step("Starting web and worker"):
            web_child.start()
            self.accounts = demo_accounts(environment)
            self.wait_for_web()
            worker_child.start()  # after the web server, for which somebody waits

    def wait_for_web(self, seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        web = self.children[0]
        while time.monotonic() < deadline:
            if web.is_ended():
                raise Stop(f"The web server ended ({web.reason()}):\n{tail(places.LOGS / 'web.log', 2000)}")
            if answers_http(self.listener.getsockname()[1]):
                return
            time.sleep(0.05)
        raise Stop(f"The web server did not answer within {seconds:.0f} s: see {places.LOGS / 'web.log'}.")

    def announce(self, seconds: float) -> None:
        say(f"\nThe portal runs at {self.address}  (ready after {seconds:.1f} s)\n")
        if self.accounts.strip():
            say(self.accounts.rstrip() + "\n")
        mail = relative(places.STATE / "mail")
        say(f"Logs: {relative(places.LOGS)}. Mail that it sends: {mail}. End it: Ctrl-C or ./dev down")

    def watch(self) -> None:
        """Start again what ends, until a signal comes."""
        while True:
            self.wait(self.next_start())
            if self.server.process is None or self.server.process.poll() is not None:
                self.restart_database()
            for child in self.children:
                self.look_after(child)

    def next_start(self) -> float:
        """Return the seconds until the next planned restart (at most 5: also a watchdog for missed signals)."""
        planned = [child.start_at - time.monotonic() for child in self.children if child.process is None]
        return max(0.0, min(5.0, *planned, 5.0))

    def wait(self, seconds: float) -> None:
        receiver = self.wakeup[0]
        if select.select([receiver], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                receiver.recv(4096)

    def look_after(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start()
                self.write_run(ready=True)
        elif child.is_ended():
            reason = child.reason()
            delay = child.plan_restart()
            say(
                f"{clock()}  {child.name} ended ({reason}); starting it again in {delay:.1f} s. "
                f"Log: {relative(places.LOGS)}/{child.name}.log"
            )

    def restart_database(self) -> None:
        say(f"{clock()}  the database ended; starting it again")
        for attempt in range(5):
            try:
                self.server.start()
                self.write_run(ready=True)
                self.server.wait_ready()
            except (DatabaseError, OSError) as error:  # the disk is full, perhaps not for long
                say(f"{clock()}  {error}")
                time.sleep(2.0**attempt)
            else:
                say(f"{clock()}  the database is back")
                return
        raise Stop(
            f"The database does not stay up: see {relative(places.LOGS / 'postgres.log')}, then run ./dev up again."
        )

    def shut_down(self) -> None:
        """End the children, then the database. A second Ctrl-C shortens the wait."""
        hurry = []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: hurry.append(1))
        self.listener.close()
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and not hurry and not all(child.is_ended() for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            if child.process is not None and not child.is_ended():
                child.kill_group()
                child.process.wait()
        end_leftovers(self.mine)
        self.server.stop(3.0 if hurry else STOP_SECONDS)
        (places.STATE / "run.json").unlink(missing_ok=True)

    def write_run(self, *, ready: bool = False) -> None:
        pids = {child.name: child.process.pid for child in self.children if child.process is not None}
        if self.server.process is not None:
            pids["database"] = self.server.process.pid
        write_run("up", self.server, ready=ready, address=self.address, pids=pids)


def answers_http(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/health/")
        return connection.getresponse().status < 600
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
