"""Random numbers that are the same in both worlds: ids, secrets, receipt and copy numbers, boundaries of mails."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


class Draws:
    """The source of all that Python draws; begun anew for each step and each request, in both worlds alike."""

    def __init__(self) -> None:
        self._source = random.Random(0)

    def begin(self, label: str) -> None:
        """Begin the series that belongs to a label."""
        self._source.seed(label)
        random.seed(label)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Draw from it, instead of from the operating system."""
        drawn = self._source.randbytes
        with patch.object(os, "urandom", drawn), patch.object(random, "_urandom", drawn):
            yield


DRAWS = Draws()
