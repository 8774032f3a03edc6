"""Granting, changing and ending access, and what each decision leaves behind."""
