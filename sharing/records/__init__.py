"""The records of who saw what."""
