"""Copies of reports that brands downloaded, and the request to destroy them."""
