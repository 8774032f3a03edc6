"""The portal's settings for tests: the same file, with an environment where none is given.

`./dev test` sets the database addresses of its own embedded server; without them the tests use a PostgreSQL on
this machine. `PORTAL_TEST_DB` names the throw-away database.
"""

import os

os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
# The seed is no secret: 32 bytes of the letter t.
os.environ.setdefault("SIGNING_KEYS", "dGhlIHNpZ25pbmcga2V5IG9mIGFsbCB0ZXN0czogMzI")
os.environ.setdefault("DEBUG", "false")
os.environ.setdefault("ALLOWED_HOSTS", "localhost,127.0.0.1,testserver")
os.environ.setdefault("BASE_URL", "http://testserver")
os.environ.setdefault("DEFAULT_FROM_EMAIL", "Better Work portal <portal@test.example>")
os.environ.setdefault("DATABASE_URL", "postgres://portal_app@127.0.0.1:5432/portal_dev")
os.environ.setdefault("DATABASE_OWNER_URL", "postgres://postgres@127.0.0.1:5432/portal_dev")
if not os.environ.get("REDIS_URL"):
    os.environ.setdefault("BROKER_URL", "memory://")

from portal.settings import *  # noqa: F403
from portal.settings import DATABASES

for alias in DATABASES:
    DATABASES[alias]["TEST"] = {"NAME": os.environ.get("PORTAL_TEST_DB", "portal_test")}
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed; the real one has its own test
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING["loggers"]["portal.core.middleware"] = {"level": "WARNING"}  # type: ignore[index] # noqa: F405 - no line a request
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]  # noqa: F405 - nothing is collected in tests
