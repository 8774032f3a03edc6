"""Notices to brands and factories about grants."""
