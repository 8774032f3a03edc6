"""This checkout: its private state, its identity and secrets, and where its database lives."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from devtools.bootstrap import places
from devtools.bootstrap.console import Stop, say
from devtools.embedded.accounts import Account, spare_account
from devtools.embedded.files import read_json, write_private
from devtools.embedded.programs import packaged_binaries, root_base
from devtools.embedded.roles import ROLES
from devtools.embedded.server import Place, Server

NEEDED_MEGABYTES = {"install": 1500, "run": 200}


def prepare_state() -> None:
    """Make .state, private; refuse one that belongs to another user."""
    places.STATE.mkdir(mode=0o700, exist_ok=True)
    status = places.STATE.lstat()
    if status.st_uid != os.geteuid():
        raise Stop(f"{places.STATE} belongs to user {status.st_uid}: run ./dev as that user, or delete that folder.")
    if status.st_mode & 0o077:
        places.STATE.chmod(0o700)
    places.LOGS.mkdir(mode=0o700, exist_ok=True)


def require_space(purpose: str) -> None:
    free = shutil.disk_usage(places.ROOT).free // 2**20
    needed = NEEDED_MEGABYTES[purpose]
    if free < needed:
        raise Stop(
            f"The disk is nearly full: {free} MB are free at {places.ROOT}, {needed} MB are needed. Free some space."
        )


def instance() -> dict[str, Any]:
    """Return this checkout's identity and secrets, made on first use; a copied or moved checkout gets a new identity.

    `id` marks our processes, `home` is where the database lives when root runs us (else it is in .state).
    """
    file = places.STATE / "instance.json"
    value = read_json(file)
    here = [str(places.STATE), places.STATE.stat().st_ino]
    if value.get("here") == here and "signing_key" in value:
        return value
    if not value and any(folder_has_data(places.STATE / "postgres")):
        raise Stop(f"{file} is missing or damaged: restore it, or run ./dev reset --yes to start with a new database.")
    fresh = {
        "passwords": {role: secrets.token_hex(16) for role in ("postgres", *ROLES)},
        "secret_key": secrets.token_urlsafe(60),
        "signing_key": new_signing_key(),
        **value,
    }
    if value.get("here") == here:  # made before it had a signing key
        write_private(file, json.dumps(fresh, indent=1))
        return fresh
    fresh |= {"id": f"portal-{secrets.token_hex(6)}", "here": here}
    if value.get("home") and is_still_used_elsewhere(value):
        say("  This folder is a copy of another checkout: it gets a database of its own.")
        fresh.pop("home")
    write_private(file, json.dumps(fresh, indent=1))
    return fresh


def new_signing_key() -> str:
    """Return a key that signs receipts and seals, as the setting SIGNING_KEYS wants it."""
    return secrets.token_urlsafe(32)


def folder_has_data(folder: Path) -> Iterator[Path]:
    return folder.glob("data/PG_VERSION")


def is_still_used_elsewhere(value: dict[str, Any]) -> bool:
    other = Path(value["here"][0])
    return other != places.STATE and read_json(other / "instance.json").get("home") == value["home"]


def cluster_folder(mine: dict[str, Any]) -> Path:
    return Path(mine["home"]) if "home" in mine else places.STATE / "postgres"


def place_of(mine: dict[str, Any]) -> Place:
    """Return where the database lives: in .state, or for root in a folder that an unprivileged uid can reach."""
    packaged = packaged_binaries(places.VENV)
    if os.geteuid() != 0:
        return Place(cluster_folder(mine), packaged)
    account = Account(*mine["account"]) if "account" in mine else spare_account(mine["id"])
    base, binaries = root_base(packaged, account)
    if "home" not in mine:
        mine.update(home=str(base / mine["id"]), account=[account.uid, account.gid])
        write_private(places.STATE / "instance.json", json.dumps(mine, indent=1))
    return Place(cluster_folder(mine), binaries, account)


def throwaway_place(name: str) -> Place:
    packaged = packaged_binaries(places.VENV)
    if os.geteuid() != 0:
        return Place(places.STATE / "throwaway" / name, packaged)
    account = spare_account(name)
    base, binaries = root_base(packaged, account)
    return Place(base / name, binaries, account)


def leaked_server(mine: dict[str, Any]) -> Server:
    """Return the server as one only wants to end or delete it, which needs no programs."""
    return Server(Place(cluster_folder(mine), places.VENV), mine["id"], "", places.LOGS / "postgres.log")


def server_of(mine: dict[str, Any]) -> Server:
    return Server(place_of(mine), mine["id"], mine["passwords"]["postgres"], places.LOGS / "postgres.log")
