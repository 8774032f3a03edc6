"""The pair of databases: made from one template, given one fact, and put back to the same running numbers."""

import pickle
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test import override_settings

from portal.core import jobs
from tests.worlds.draws import DRAWS
from tests.worlds.fact import Fact, Step
from tests.worlds.moments import AFTER, BEGINNING, BUILT, HIDDEN, Clock, install_clock
from tests.worlds.numbers import numbers, set_numbers
from tests.worlds.people import Scene, build, order_file, silence_others

ROLES = ("default", "owner")


@dataclass
class World:
    """One of the two: its database, the folder of its files, and what is on its stage."""

    database: str
    folder: Path
    stage: Scene
    addresses: list[str] = field(default_factory=list)  # those of what was hidden


class Worlds:
    """Makes pairs of worlds from a template, and works in one of them at a time."""

    def __init__(self, empty: str, folder: Path) -> None:
        self.empty, self.folder = empty, folder
        self.template = f"{empty}_worlds"
        self.clock = Clock()
        self._stage = b""

    @contextmanager
    def open(self) -> Iterator["Worlds"]:
        """Make the template, keep it for the tests inside, drop it."""
        try:
            with self.frozen():
                self._copy(self.empty, self.template)
                with self.working_in(self.template, self.folder / "template"):
                    self.clock.set(BEGINNING, ticks=True)
                    DRAWS.begin("stage")
                    self._stage = pickle.dumps(build())
            yield self
        finally:
            self._drop(self.template)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let clocks stand and draws repeat; jobs run at once."""
        with ExitStack() as stack:
            stack.enter_context(self.clock.standing())
            stack.enter_context(DRAWS.in_use())
            stack.enter_context(patch.object(jobs, "nudge", jobs.run))
            yield

    @contextmanager
    def pair(self, fact: Fact) -> Iterator[tuple[World, World]]:
        """Give the two worlds of a fact: it is hidden in the first; the second is without it, or otherwise."""
        names = [f"{self.template}_{number}" for number in (1, 2)]
        with self.frozen():
            try:
                worlds = [
                    self._make(name, fact, happens)
                    for name, happens in zip(names, (fact.hidden, fact.otherwise), strict=True)
                ]
                if not fact.keeps_numbers:
                    self._set_numbers_alike(worlds)
                for world in worlds:
                    with self.working_in(world.database, world.folder):
                        self.at(AFTER, "after")
                        world.addresses += fact.after(world.stage) or []
                        DRAWS.begin("file")
                        order_file(world.stage)
                yield worlds[0], worlds[1]
            finally:
                for name in names:
                    self._drop(name)

    def scene(self) -> Scene:
        """Return what is on the stage of the template."""
        found: Scene = pickle.loads(self._stage)
        return found

    def _make(self, database: str, fact: Fact, happens: Step) -> World:
        folder = self.folder / database
        shutil.copytree(self.folder / "template", folder, dirs_exist_ok=True)
        self._copy(self.template, database)
        world = World(database, folder, pickle.loads(self._stage))
        with self.working_in(database, folder):
            silence_others(world.stage, fact.audience)
            for moment, label, step in ((BUILT, "build", fact.build), (HIDDEN, "hidden", happens)):
                self.at(moment, label)
                world.addresses += step(world.stage) or []
        return world

    def show(self, database: str, moment: datetime) -> None:
        """Let another database, in which one works, have the clock that stands, at this moment."""
        install_clock(database)
        for role in ROLES:
            connections[role].close()
        self.clock.set(moment)

    def at(self, moment: datetime, label: str) -> None:
        """Set the clock of the world that is worked in, and begin the draws of a step."""
        self.clock.set(moment)
        DRAWS.begin(label)

    @contextmanager
    def working_in(self, database: str, folder: Path) -> Iterator[None]:
        """Let both roles and the private files be those of one world; nothing is remembered of the other one."""
        before = {role: connections[role].settings_dict["NAME"] for role in ROLES}
        _use(dict.fromkeys(ROLES, database))
        with override_settings(**_private(folder)):
            ContentType.objects.clear_cache()
            try:
                yield
            finally:
                _use(before)

    def _copy(self, source: str, target: str) -> None:
        self._drop(target)
        with connections["owner"]._nodb_cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        with self.working_in(target, self.folder):
            install_clock(target)
            for role in ROLES:
                connections[role].close()

    def _drop(self, database: str) -> None:
        for role in ROLES:
            connections[role].close()
        with connections["owner"]._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')

    def _set_numbers_alike(self, worlds: list[World]) -> None:
        """Let running numbers go on from the same place: which of them a brand sees is a question of its own."""
        counted: dict[str, int] = {}
        for world in worlds:
            with self.working_in(world.database, world.folder):
                for name, value in numbers():
                    counted[name] = max(counted.get(name, 1), value)
        for world in worlds:
            with self.working_in(world.database, world.folder):
                set_numbers(counted)


def _use(names: dict[str, str]) -> None:
    for role, name in names.items():
        if connections[role].settings_dict["NAME"] != name:
            connections[role].close()
            connections[role].settings_dict["NAME"] = name


def _private(folder: Path) -> dict[str, Any]:
    """The settings under which a world has files and a cache of its own."""
    private: dict[str, Any] = settings.STORAGES["private"]
    storage = {**private, "OPTIONS": {**private["OPTIONS"], "location": folder}}
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(folder)}
    return {"STORAGES": {**settings.STORAGES, "private": storage}, "CACHES": {"default": cache}}
