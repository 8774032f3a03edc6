"""Command that shows the demo's logins."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.demo.accounts import ACCOUNTS, PASSWORD, Account
from portal.demo.loader import DemoRefusedError, is_loaded, refuse_outside_debug


class Command(BaseCommand):
    """The command `manage.py demo_accounts [--json]`: one login per role, with its organisation and the password."""

    help = "List the demo's logins (only with DEBUG=true, after load_demo)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--json` for other programs."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print them. Fails when DEBUG is off or the demo is not loaded."""
        try:
            refuse_outside_debug()
        except DemoRefusedError as refusal:
            raise CommandError(str(refusal)) from refusal
        if not is_loaded():
            raise CommandError("The demo programme is not loaded: run manage.py load_demo first.")
        self.stdout.write(_as_json() if options["json"] else _as_text())


def _as_json() -> str:
    rows = [
        {
            "role": account.describe,
            "email": account.email,
            "password": PASSWORD,
            "organisation": account.organisation,
            "can_sign_in": account.is_active,
        }
        for account in ACCOUNTS
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False)


def _as_text() -> str:
    width = max(len(account.email) for account in ACCOUNTS)
    lines = [_line(account, width) for account in ACCOUNTS]
    return "\n".join([f"Password of all demo accounts: {PASSWORD}", "", *lines])


def _line(account: Account, width: int) -> str:
    where = f" ({account.organisation})" if account.organisation else ""
    return f"  {account.email:<{width}}  {account.describe}{where}"
