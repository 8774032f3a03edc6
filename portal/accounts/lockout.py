"""The address that a failed sign-in counts against (django-axes)."""

from django.http import HttpRequest


def attempted_email(request: HttpRequest | None, credentials: dict[str, object] | None = None) -> str:
    """Return the address somebody tried to sign in with, in lower case."""
    given = (credentials or {}).get("email") or (credentials or {}).get("username")
    if not given and request is not None:
        given = request.POST.get("login", "")
    return str(given or "").strip().lower()
