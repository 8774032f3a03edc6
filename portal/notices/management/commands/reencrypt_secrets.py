"""The command to run between putting a new `SECRET_KEY` first and removing the old one."""

from django.core.management.base import BaseCommand, CommandError

from portal.notices.webhooks.reencrypting import reencrypt_secrets


class Command(BaseCommand):
    """A command that re-encrypts what is stored under an older `SECRET_KEY`."""

    help = "Encrypt what is stored (secrets of webhooks) with the current SECRET_KEY; SECRET_KEY_FALLBACKS read it."

    def handle(self, *args: object, **options: object) -> None:
        """Re-encrypt; exit 1 and name the webhooks whose secret no configured key reads."""
        result = reencrypt_secrets()
        self.stdout.write(f"{result.done} webhooks are encrypted with the current SECRET_KEY.")
        if result.unreadable:
            named = ", ".join(str(endpoint.pk) for endpoint in result.unreadable)
            raise CommandError(
                f"No configured key reads the secrets of {len(result.unreadable)} webhooks: {named}. Add the "
                "SECRET_KEY they were stored under to SECRET_KEY_FALLBACKS and run this again, or have their managers "
                "make new secrets. Until then nothing is sent to them."
            )
