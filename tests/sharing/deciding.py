"""Deciding on the pages as a person does: what a form leads to is looked at, then it is decided."""

from typing import Any

from django.test import Client


def seen_on(page: Any) -> str:
    """The seal of what a page of a decision shows; empty where it shows nothing to decide."""
    return str((page.context or {}).get("seen", ""))


def decide(browser: Client, address: str, body: dict[str, Any], **options: Any) -> Any:
    """Send a form, look at what it does, and decide that."""
    return browser.post(address, {**body, "seen": seen_on(browser.post(address, body))}, **options)
