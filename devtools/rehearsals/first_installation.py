"""Run the lines of the README's section "Production" as they are written, then join as the first person.

    .venv/bin/python -m devtools.rehearsals.first_installation

Needs a PostgreSQL at 127.0.0.1:5432, a Redis at 127.0.0.1:6379 and the network (pip). Only what must not collide is
replaced: names of roles and database, the number of Redis's database, the web's port, the folder, the mail server. It
runs in a clone of the current commit, and leaves nothing behind.
"""

import http.client
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from devtools.rehearsals.documents import ROOT, RehearsalError, commands, replaced
from devtools.rehearsals.served import names, superuser

HOST = "portal.example.org"
REDIS_DATABASE = 14
DONE = "--- every line ran"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# --- a mail server ---------------------------------------------------------------------------------------


class MailHandler(socketserver.StreamRequestHandler):
    """Takes every mail."""

    received: list[str] = []

    def handle(self) -> None:
        """Speak as much SMTP as a client needs."""
        self.wfile.write(b"220 rehearsal\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                self.received.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
            self.wfile.write(b"250 ok\r\n")


@contextmanager
def mail_server() -> Iterator[int]:
    """Give the port of a mail server that keeps what it got in `MailHandler.received`."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), MailHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


# --- a browser behind the TLS proxy ------------------------------------------------------------------------


class Browser:
    """Asks the web process as the proxy would, and keeps cookies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.path = "/"  # of the page shown
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Send a request and follow where it leads; return the status and the page."""
        self.path = path
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Host": HOST, "X-Forwarded-Proto": "https", "Referer": f"https://{HOST}/",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        connection.request(method, path, urlencode(form or {}), headers)
        response = connection.getresponse()
        page = response.read().decode()
        for cookie in response.msg.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        if response.status in (301, 302):
            return self.ask("GET", urlsplit(response.headers["Location"]).path)
        return response.status, page


def fill_in(browser: Browser, page: str, **values: str) -> tuple[int, str]:
    """Send the form of the page shown."""
    secret = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page)
    if secret is None:
        raise RehearsalError("The page behind the invitation has no form to send.")
    return browser.ask("POST", browser.path, {"csrfmiddlewaretoken": secret[1], **values})


def join(port: int, link: str) -> None:
    """Join by the printed link and read the first page."""
    browser = Browser(port)
    _status, page = browser.ask("GET", urlsplit(link).path)
    password = "Looms-and-lanterns-14"  # noqa: S105 - of an account that lives for a minute
    status, page = fill_in(browser, page, name="First", password=password, again=password)
    if status != 200 or "Add the first country" not in page:
        raise RehearsalError(f"The first person's page ({status}) does not say what to do first.")


# --- the rehearsal -----------------------------------------------------------------------------------------


def rehearse(folder: Path, name: str, mail_port: int) -> None:
    """Run the lines in a clone in `folder`, under names that begin with `name`."""
    port, clone = free_port(), folder / "portal"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    changes = {
        "psql -h 127.0.0.1 -U postgres": " ".join(superuser()),
        "portal_owner": f"{name}_owner",
        "portal_app": f"{name}_app",
        "CREATE DATABASE portal ": f"CREATE DATABASE {name} ",
        ":5432/portal": f":5432/{name}",
        ":6379/0": f":6379/{REDIS_DATABASE}",
        "smtp+tls://user:password@mail.example.org:587": f"smtp://127.0.0.1:{mail_port}",
        "/srv/portal": str(folder / "state" / "portal"),
        "127.0.0.1:8000": f"127.0.0.1:{port}",
    }
    script = "\n".join(
        ["set -e", replaced(commands("README.md", "## Production"), changes), f"echo '{DONE}'", "read -r wait", ""]
    )
    with running(script, clone) as output:
        link = printed_link(output)
        join(port, link)
    if not any(link in mail.replace("=\n", "") for mail in MailHandler.received):
        raise RehearsalError("The invitation was not mailed.")


@contextmanager
def running(script: str, folder: Path) -> Iterator[str]:
    """Run the script to its last line and give what it printed; end its processes afterwards."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **pip_settings()}
    process = subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environment, text=True, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    lines: list[str] = []
    try:
        for line in process.stdout or ():
            print("   ", line, end="", flush=True)
            lines.append(line)
            if line.strip() == DONE:
                break
        else:
            raise RehearsalError("A line of the README failed: see above.")
        yield "".join(lines)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def pip_settings() -> dict[str, str]:
    """Return what tells pip which index to ask, here as anywhere."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "http", "SSL_"))}


def printed_link(output: str) -> str:
    """Return the invitation's link that `create_staff` printed."""
    found = re.search(rf"https://{HOST}/invitations/\S+", output)
    if found is None:
        raise RehearsalError("create_staff printed no link.")
    return found[0]


def main() -> int:
    """Rehearse; 0 when the README is right."""
    try:
        with tempfile.TemporaryDirectory() as folder, names("portal_readme") as name, mail_server() as mail_port:
            rehearse(Path(folder), name, mail_port)
    except RehearsalError as error:
        print(f"first installation: {error}", file=sys.stderr)
        return 1
    print("The README's lines run, and the first person is in.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
