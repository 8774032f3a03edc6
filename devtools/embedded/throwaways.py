"""Servers that are gone after use, however their user ended."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from devtools.embedded.files import Lock
from devtools.embedded.server import Place, Server
from devtools.embedded.sockets import private_socket_folder


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
