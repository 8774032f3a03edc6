"""What a brand holds, every way to it, and every way in which it ends (R7); asked by `test_revoke_everywhere.py`."""
