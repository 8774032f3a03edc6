"""The data that a brand's people and programs may be allowed to read: one row for each scope of `sharing.scopes`.

This layer lies below `sharing`; a test compares the two.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Read:
    """One scope, as brands know it: the wording of its permission, and the label of a program's role for it alone.

    `is_offered`: new programs may be given that role.
    """

    scope: str
    says: str
    label: "StrOrPromise"
    is_offered: bool = True

    @property
    def permission(self) -> str:
        """The codename of the permission to read the scope."""
        return f"read_{self.scope}"

    @property
    def integration(self) -> str:
        """The name of the role of a program that reads nothing but the scope."""
        return f"integration_{self.scope}"


READS = (
    Read("report", "Read reports shared with the brand", _("Assessment reports")),
    Read("step1", "Read Step 1 data shared with the brand", _("Step 1 data")),
    Read("improvement_plan", "Read improvement plans shared with the brand", _("Improvement plan"), is_offered=False),
)
ANY_READ = tuple(read.permission for read in READS)
