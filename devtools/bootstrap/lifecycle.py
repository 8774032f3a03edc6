"""`./dev up`, `down`, `status` and `reset`."""

import argparse
import contextlib
import errno
import shutil
import signal
import socket
import subprocess
import sys
import time

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, say, step
from devtools.bootstrap.instance import instance, leaked_server, prepare_state, require_space
from devtools.bootstrap.packages import ensure_packages
from devtools.bootstrap.processes import clear_leftovers, end_leftovers, running, wait_for
from devtools.bootstrap.supervisor import Supervisor, answers_http
from devtools.bootstrap.translations import ensure_translations
from devtools.embedded.files import Lock, read_json
from devtools.embedded.processes import send, start_time


def up(options: argparse.Namespace) -> int:
    if options.detach:
        return up_detached(options)
    prepare_state()
    lock = Lock(places.STATE / "supervisor.lock")
    if not lock.acquire():
        return say_already_running(options.port)
    began = time.monotonic()
    say(f"Portal in {places.ROOT}")
    mine = instance()
    end_leftovers(mine)  # they may hold the port
    listener = listen(options.port or places.DEFAULT_PORT)
    require_space("run")
    ensure_packages("embedded")
    ensure_translations()
    clear_leftovers(mine)
    if time.monotonic() - began > 5:
        say(f"  (prepared in {time.monotonic() - began:.1f} s)")
    Supervisor(mine, listener, f"http://localhost:{listener.getsockname()[1]}").run()
    return 0


def listen(port: int) -> socket.socket:
    """Take the port now and keep it: the web server inherits it, so nobody else gets it while that restarts."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OverflowError as error:
        raise Stop(f"There is no port {port}: choose one from 1024 to 65535.") from error
    except PermissionError as error:
        raise Stop(f"Port {port} is reserved for the system: choose one from 1024 up, ./dev up --port 8001.") from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
    other = next((number for number in range(port + 1, min(port + 50, 65535)) if is_free(number)), 0)
    raise Stop(f"Port {port} is taken by another program: end that, or choose another port: ./dev up --port {other}")


def is_free(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def say_already_running(port: int) -> int:
    run = running()
    if run.get("mode") == "up" and run.get("ready"):
        say(f"Already running at {run['address']} (process {run['pid']}). End it with ./dev down")
        return 0 if not port or str(run["address"]).endswith(f":{port}") else 1
    if run.get("mode") == "manage":
        raise Stop(f"./dev manage is using the database (process {run['pid']}): wait until it has ended.")
    raise Stop("Another ./dev up is starting: see ./dev status.")


def up_detached(options: argparse.Namespace) -> int:
    """Start `./dev up` in the background, show what it prints until the portal answers."""
    prepare_state()
    lock = Lock(places.STATE / "supervisor.lock")
    if not lock.acquire():
        return say_already_running(options.port)
    lock.release()
    arguments = [
        sys.executable,
        str(places.ROOT / "dev"),
        "up",
        *(["--port", str(options.port)] if options.port else []),
    ]
    log = places.LOGS / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=places.ROOT,
        )
    with log.open() as shown:
        while process.poll() is None:
            time.sleep(0.1)
            print(shown.read(), end="", flush=True)
            run = read_json(places.STATE / "run.json")
            if run.get("pid") == process.pid and run.get("ready"):
                time.sleep(0.1)
                break
        print(shown.read(), end="", flush=True)
    if process.returncode is not None:
        return process.returncode or 1
    say(f"It runs in the background (process {process.pid}).")
    return 0


def down(_options: argparse.Namespace) -> int:
    """End the supervisor of this checkout, or what a killed one left behind."""
    if not places.STATE.exists():
        say("Not running.")
        return 0
    prepare_state()
    lock = Lock(places.STATE / "supervisor.lock")
    if lock.acquire():
        if (places.STATE / "instance.json").exists():
            clear_leftovers(instance())
        say("Not running.")
        return 0
    run = wait_for(running, 5.0)
    if not run:
        raise Stop("It is starting and cannot be ended yet: try again in a few seconds.")
    pid, started = int(run["pid"]), run["started"]
    with step(f"Ending it (process {pid})"):
        for number, seconds in ((signal.SIGTERM, 40.0), (signal.SIGKILL, 5.0)):
            send(pid, number, lambda candidate: start_time(candidate) == started)
            if wait_for(lock.acquire, seconds):
                break
        else:
            raise Stop(f"Process {pid} does not end: end it yourself.")
    clear_leftovers(instance())
    return 0


def status(_options: argparse.Namespace) -> int:
    """Say whether it runs. Exit code 0: it runs; 3: it does not."""
    lock = Lock(places.STATE / "supervisor.lock") if places.STATE.exists() else None
    if lock is None or lock.acquire():
        say("Not running. Start it with ./dev up")
        return 3
    run = running()
    if run.get("mode") != "up" or not run.get("ready"):
        say(f"Busy: {'./dev manage' if run.get('mode') == 'manage' else './dev up is starting'}.")
        return 3
    answers = answers_http(int(str(run["address"]).rpartition(":")[2]))
    say(
        f"Running at {run['address']} (process {run['pid']}); "
        f"the web server {'answers' if answers else 'does not answer'}."
    )
    for name, pid in run["pids"].items():
        say(f"  {name}: process {pid}, {'alive' if start_time(pid) else 'restarting'}")
    return 0


def reset(options: argparse.Namespace) -> int:
    """Delete the database and .state, after asking for --yes."""
    if not options.yes:
        raise Stop("This deletes the embedded database and all of .state. If that is what you want: ./dev reset --yes")
    down(options)
    if (places.STATE / "instance.json").exists():
        leaked_server(instance()).destroy()
    shutil.rmtree(places.STATE, ignore_errors=True)
    say("The database and .state are deleted. ./dev up starts afresh.")
    return 0
