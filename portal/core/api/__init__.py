"""The shape of the API: one base view, strict input, keyset pages, problem+json errors (RFC 9457), OpenAPI.

A view of an app starts from a queryset that took the user, like a page does, and adds nothing to who may see what.
What is here makes every view behave alike: 401 for nobody, 404 for what they may not see, 403 for what they see but
may not do, 400 that names the parameter or field, and one form of error for all of them.

The views themselves are in `portal.core.api.views`: REST framework loads this module, named in the settings, before
its own views exist.
"""

from portal.core.api.body import Query, StrictSerializer
from portal.core.api.errors import problem_response, server_error
from portal.core.api.pagination import KeysetPagination, PageQuery
from portal.core.api.throttling import PersonThrottle

__all__ = [
    "KeysetPagination",
    "PageQuery",
    "PersonThrottle",
    "Query",
    "StrictSerializer",
    "problem_response",
    "server_error",
]
