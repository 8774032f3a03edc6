"""Django's standard permission check, answered from the grants.

`user.has_perm("assessments.view_step1", assessment)` gives exactly the answer of `visible_to`. The backend comes first
and raises `PermissionDenied` for the permissions it owns, so that no stray row of another backend gives access to a
section without a grant.
"""

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.db.models import UUIDField

from assessments.models import Assessment
from portal.accounts.prepared import ANYBODY
from portal.accounts.roles import Visitor
from portal.core.compiled import Compiled, Parameter, prepared_once
from sharing.scopes import ASSESSMENT_SCOPES, rule_of

SCOPE_OF = {f"assessments.{rule_of(scope).view_permission}": scope for scope in ASSESSMENT_SCOPES}
OWNED = {*SCOPE_OF, "assessments.view_assessment", "assessments.view_answer"}


class AssessmentAccessBackend(BaseBackend):
    """The backend that decides the permissions to read an assessment, and no others."""

    def has_perm(self, user_obj: Visitor, perm: str, obj: object = None) -> bool:
        """Return True if the grants, the factory or the programme give access; else raise `PermissionDenied`."""
        if perm not in OWNED:
            return False
        if isinstance(obj, Assessment) and user_obj.pk is not None:
            scope = SCOPE_OF.get(perm)
            if _statement(scope and scope.value).rows(user=user_obj.pk, assessment=obj.pk):
                return True
        raise PermissionDenied


@prepared_once
def _statement(scope: str | None) -> Compiled[Assessment, object]:
    """Return the access check for one assessment: `visible_to` and the key."""
    visible = Assessment.objects.visible_to(ANYBODY, scope)
    return Compiled(visible.filter(pk=Parameter("assessment", UUIDField())).order_by().values("pk")[:1])
