"""What tests about people share."""

from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import override_settings


@pytest.fixture
def mails_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for the commit happens at once: inside the request, as in production."""
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call, **_: call())


@pytest.fixture
def mail_server_away() -> AbstractContextManager[Any]:
    """A context in which the mail server refuses connections, as the real backend meets it."""
    return override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=9
    )
