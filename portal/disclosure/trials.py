"""Decisions that are made, shown and undone: "See it as they will", a page that is posted and writes nothing.

Pages that only say what a decision would do work it out instead (`portal.disclosure.previews`).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from brands.models import Brand
from factories.models import Factory
from portal.accounts.models import User
from sharing.grants.services.granting import change_grant, share
from sharing.grants.services.outcomes import Terms
from sharing.models import AccessRequest, SharingGrant
from sharing.requests.services.answering import approve_request
from sharing.terms import Status


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back at the end whatever is written inside: a trial. Errors come through."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def try_grants(*, by: User, factory: Factory, brand: Brand, scopes: Collection[str], terms: Terms) -> None:
    """Grant, as if a second person had confirmed it where that is needed; only inside `rolled_back`.

    Raises what `share` raises.
    """
    _as_if_confirmed(by, share(by=by, factory=factory, brands=[brand], scopes=scopes, terms=terms))


def try_change(*, by: User, grant: SharingGrant, terms: Terms) -> None:
    """Change a grant, as if a second person had confirmed it; only inside `rolled_back`. Raises what it raises."""
    _as_if_confirmed(by, [change_grant(by=by, grant=grant, terms=terms)])


def try_answer(*, by: User, request: AccessRequest, scopes: Sequence[str], terms: Terms) -> None:
    """Approve a request, as if a second person had confirmed it; only inside `rolled_back`. Raises what it raises."""
    approve_request(by=by, request=request, scopes=scopes, terms=terms)
    _as_if_confirmed(by, SharingGrant.objects.filter(requests=request))


def _as_if_confirmed(by: User, grants: Iterable[SharingGrant]) -> None:
    for grant in grants:
        if grant.status() is Status.UNCONFIRMED:
            others = SharingGrant.objects.filter(factory=grant.factory, brand=grant.brand, scope=grant.scope)
            now = timezone.now()
            others.filter(ended_at=None).exclude(pk=grant.pk).update(ended_at=now, ended_by=by)
            SharingGrant.objects.filter(pk=grant.pk).update(confirmed_by=by, confirmed_at=now)
