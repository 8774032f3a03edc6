"""Granting, changing and ending access, and the events, receipts and notices of each decision."""
