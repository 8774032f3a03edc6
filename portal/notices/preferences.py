"""Preferences for mails: people's choices by kind, and the link at the foot of each mail that switches kinds off.

The link works without signing in, as mail programs need it (RFC 8058): it is signed, names a person and kinds, and can
do nothing but switch these off. Kinds that a person must get are not in it.
"""

from collections.abc import Mapping, Sequence

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.roles import kinds as organisation_kinds
from portal.core.events import record
from portal.notices.events import NoticeEvent
from portal.notices.models import MailChoice
from portal.notices.outbox import NoticeKind, notice_kinds

SALT = "notices.unsubscribe"


def kinds_for(person: User) -> list[NoticeKind]:
    """Return the kinds of notices that the person may be mailed, by the roles held now, by label."""
    held = {side: organisation.permissions_of(person) for side, organisation in organisation_kinds.items()}
    found = [kind for kind in notice_kinds.values() if any(kind.reader(side) in held[side] for side in kind.sides)]
    return sorted(found, key=lambda kind: (kind.is_mandatory, str(kind.label)))


def ways_of(person: User) -> dict[str, str]:
    """Return what the person chose, by kind; kinds without a choice are mailed at once."""
    return dict(MailChoice.objects.filter(person=person).values_list("kind", "way"))


@transaction.atomic
def choose_mails(*, by: User, ways: Mapping[str, str]) -> None:
    """Save how `by` wants each kind in `ways`. Raises `ValidationError` for kinds or ways that do not exist."""
    for name, way in ways.items():
        kind = notice_kinds.get(name)
        if kind is None or way not in MailChoice.Way.values:
            raise ValidationError(_("This choice does not exist."))
        if kind.is_mandatory and way != MailChoice.Way.NOW:
            raise ValidationError(
                _("“%s” is always sent by e-mail, because it concerns your rights or your safety.") % kind.label
            )
    before = ways_of(by)
    changed = {name: way for name, way in ways.items() if before.get(name, MailChoice.Way.NOW) != way}
    if not changed:
        return
    MailChoice.objects.bulk_create(
        [MailChoice(person=by, kind=name, way=way) for name, way in changed.items()],
        update_conflicts=True,
        unique_fields=["person", "kind"],
        update_fields=["way"],
    )
    record(NoticeEvent.MAIL_CHOSEN, by=by, subject=by.pk, ways=changed)


def unsubscribe_token(person: User, kinds: Sequence[str]) -> str:
    """Return the content of the link in a mail to `person`. It does not expire: mails are read late."""
    return signing.dumps({"p": person.pk, "k": list(kinds)}, salt=SALT, compress=True)


def read_unsubscribe(token: str) -> tuple[User, list[NoticeKind]] | None:
    """Return the person and the kinds that a link names, or None when it is not ours or its person is gone."""
    try:
        found = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=found["p"], is_active=True).first()
    known = [notice_kinds[name] for name in found["k"] if name in notice_kinds]
    return (person, [kind for kind in known if not kind.is_mandatory]) if person is not None else None


def unsubscribe(*, person: User, kinds: Sequence[NoticeKind]) -> None:
    """Switch these kinds off for whoever holds the link. Idempotent."""
    choose_mails(by=person, ways={kind.name: MailChoice.Way.OFF.value for kind in kinds})
