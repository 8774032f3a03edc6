"""Command for the first person of an empty installation."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.joining import invite_first_staff
from portal.core.models import WaitingMail


class Command(BaseCommand):
    """A command that invites the first global staff member and prints the link."""

    help = "Invite the first global staff member of an empty installation: mails and prints an invitation link."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address, and the name for the salutation."""
        parser.add_argument("email")
        parser.add_argument("--name", default="Global staff", help="the person's name; they can change it")

    def handle(self, *args: object, email: str, name: str, **options: object) -> None:
        """Invite, and print the link, even where the mail has to wait."""
        waiting = WaitingMail.objects.count()
        try:
            link = invite_first_staff(email=email, name=name)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if WaitingMail.objects.count() > waiting:
            self.stderr.write("The mail server did not take the mail: check EMAIL_URL. The link works all the same.")
        self.stdout.write(f"Open this link within {settings.INVITATION_LIFETIME.days} days to choose a password:")
        self.stdout.write(link)
