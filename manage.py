#!/usr/bin/env python
"""Django's command line; `./dev manage ...` runs it with the right environment."""

import gc
import os
import sys

from django.core.management import execute_from_command_line

from portal.core.reader import named_reader, reading_as

# What a command loads lives as long as it does: looking for garbage among it took a sixth of the time of a start.
gc.set_threshold(100_000, 50, 100)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = next((word for word in sys.argv[1:2] if word.isidentifier()), "help")
    with reading_as(named_reader("command", command)):
        execute_from_command_line(sys.argv)
