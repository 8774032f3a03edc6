"""ASGI entry point. Production serves the portal through `portal.wsgi`; see docs/decisions."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_asgi_application()
