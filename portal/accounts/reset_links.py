"""Links to a new password, and what makes one invalid besides its use and three days."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ResetLinks(PasswordResetTokenGenerator):
    """Links that end with a change of the password or the address, a sign-in, and the closing of the account."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        """Return the values that must be the same as when the link was made."""
        return f"{super()._make_hash_value(user, timestamp)}.{user.closings}"
