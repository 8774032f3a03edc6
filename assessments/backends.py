"""Django's standard permission question, answered from the grants.

`user.has_perm("assessments.view_step1", assessment)` says exactly what `visible_to` says. The backend stands first
and raises `PermissionDenied` for the permissions it owns, so no stray row of another backend opens a section
behind the grants' back.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.db.models import UUIDField

from assessments.models import Assessment
from portal.accounts.roles import Visitor
from portal.accounts.worded import ANYBODY
from portal.core.compiled import Compiled, Parameter, worded_once
from sharing.scopes import ASSESSMENT_SCOPES, rule_of

SCOPE_OF = {f"assessments.{rule_of(scope).view_permission}": scope for scope in ASSESSMENT_SCOPES}
OWNED = {*SCOPE_OF, "assessments.view_assessment", "assessments.view_answer"}


class AssessmentAccessBackend(BaseBackend):
    """Decides the permissions to read an assessment, and no other."""

    def has_perm(self, user_obj: Visitor, perm: str, obj: Any = None) -> bool:
        """True when the grants, the factory or the programme open it; raises `PermissionDenied` when they do not."""
        if perm not in OWNED:
            return False
        if isinstance(obj, Assessment) and user_obj.pk is not None:
            scope = SCOPE_OF.get(perm)
            if _statement(scope and scope.value).rows(user=user_obj.pk, assessment=obj.pk):
                return True
        raise PermissionDenied


@worded_once
def _statement(scope: str | None) -> Compiled[Assessment, Any]:
    """Return the gate for one assessment: `visible_to` and the key."""
    visible = Assessment.objects.visible_to(ANYBODY, scope)
    return Compiled(visible.filter(pk=Parameter("assessment", UUIDField())).order_by().values("pk")[:1])
