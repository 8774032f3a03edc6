"""Seal what happened since the last seal; beat does it every ten minutes."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.core.ledger.sealing import seal_new_rows


class Command(BaseCommand):
    """Safe to run at any time, by several at once."""

    help = "Seal the rows that are new in the ledger's tables."

    def handle(self, *args: Any, **options: Any) -> None:
        """Seal, and say how much."""
        made = seal_new_rows()
        self.stdout.write(f"{len(made)} seals over {sum(seal.rows for seal in made):,} rows.")
