"""The access matrix: every address of the portal, asked by everybody, in one table (tests/test_access_matrix.py)."""
