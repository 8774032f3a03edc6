"""``manage.py sync_roles``: after an upgrade, give every organisation the roles that this version knows."""

from django.core.management.base import BaseCommand
from django.db import transaction

from portal.accounts.roles import sync_roles


class Command(BaseCommand):
    """An idempotent command; a second run finds nothing to do."""

    help = "Give every organisation the roles and permissions of this version. Run it after `migrate`."

    def handle(self, *_args: object, **_options: object) -> None:
        """Synchronise, and print how many organisations were behind."""
        with transaction.atomic():
            print(f"{sync_roles()} organisations were brought up to date.")
