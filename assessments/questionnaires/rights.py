"""Who may import and translate questionnaires."""

from factories.rights import may_everywhere, may_in_programme
from portal.accounts.models import User


def may_import_for(by: User, programme: int | None) -> bool:
    """Return whether a person imports and translates the questionnaires of a country; None: those of all countries."""
    permission = "import_assessments"
    return may_in_programme(by, permission, programme) if programme else may_everywhere(by, permission)
