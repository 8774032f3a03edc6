"""Django's standard permission question, answered from the grants.

`user.has_perm("assessments.view_step1", assessment)` says exactly what `visible_to` says. The backend stands first
and raises `PermissionDenied` for the permissions it owns, so no stray row of another backend opens a section
behind the grants' back.
"""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied

from assessments.models import Assessment
from portal.accounts.roles import Visitor
from sharing.models import Scope

SCOPE_OF = {"assessments.view_report": Scope.REPORT, "assessments.view_step1": Scope.STEP1}
OWNED = {*SCOPE_OF, "assessments.view_assessment", "assessments.view_answer"}


class AssessmentAccessBackend(BaseBackend):
    """Decides the permissions to read an assessment, and no other."""

    def has_perm(self, user_obj: Visitor, perm: str, obj: Any = None) -> bool:
        """True when the grants, the factory or the programme open it; raises `PermissionDenied` when they do not."""
        if perm not in OWNED:
            return False
        if isinstance(obj, Assessment):
            visible = Assessment.objects.visible_to(user_obj, SCOPE_OF.get(perm))
            if visible.filter(pk=obj.pk).exists():
                return True
        raise PermissionDenied
