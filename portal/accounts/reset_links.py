"""Links to a new password: what makes one bad, beside three days and its use."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetLinks(PasswordResetTokenGenerator):
    """Links that end with a change of the password or the address, a sign-in, and when the account is closed."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Return what must be as it was when the link was made."""
        return f"{super()._make_hash_value(user, timestamp)}.{user.closings}"
