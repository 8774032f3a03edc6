"""What tests about people share."""

import pytest


@pytest.fixture
def mails_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the commit happens at once: inside the request, as in production."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, **_: call())
