"""Addresses of the API about grants and orders."""
