"""The items that wait to be mailed to each person, and how each person wants them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.notices.models.notices import Notice


class MailItem(models.Model):
    """One notice for one person to read in their next mail after `due_at`, until it is done.

    Done means: sent, or no longer to be said when the mail was made.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mail_items")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "person"], name="notices_mailitem_once")]
        indexes = [
            models.Index(fields=["person", "due_at"], name="notices_mailitem_waiting", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.person_id}"


class Mailbox(models.Model):
    """The time of a person's last mail, and of the next try after a refusal. Its lock makes one mail at a time."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="mailbox"
    )
    last_sent_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Mailbox of {self.person_id}"


class MailChoice(models.Model):
    """A person's choice for one kind of notice; without a row, mailed at once."""

    class Way(models.TextChoices):
        NOW = "now", _("At once")
        DAILY = "daily", _("Once a day")
        OFF = "off", _("Not by e-mail")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    way = models.CharField(max_length=5, choices=Way.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "kind"], name="notices_mailchoice_once"),
            models.CheckConstraint(condition=Q(way__in=["now", "daily", "off"]), name="notices_mailchoice_way"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.way}"
