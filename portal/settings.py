"""Settings of the portal: one file, from the environment.

Every value that differs between places is an environment variable; a missing or nonsensical one stops the
process with a sentence that says what to set. `./dev` sets them all for a development machine.
"""

import base64
import os
import re
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.core.logs import without_messages

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def required(name: str, example: str) -> str:
    """Return the environment variable `name`; stop with a message that says what to set where it is missing."""
    value = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set {name}, for example {name}={example}. `./dev up` sets it for you.")
    return str(value)


def boolean(name: str, *, default: bool) -> bool:
    """Return the environment variable `name` as true or false; anything else stops the process."""
    value = env.str(name, default=str(default)).strip().lower()
    if value not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to true or false.")
    return value in {"true", "1", "yes", "on"}


def positive(name: str, *, default: int) -> int:
    """Return the environment variable `name` as a whole number above zero."""
    value = env.str(name, default=str(default)).strip()
    if not value.isdigit() or int(value) < 1:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a whole number above zero.")
    return int(value)


def proxies(name: str, *, behind: bool) -> int:
    """Return the number of our own proxies before the web from the variable `name`; it must agree with `behind`."""
    value = env.str(name, default="1" if behind else "0").strip()
    if not re.fullmatch("[0-9]{1,2}", value):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to the number of your proxies, 0 without one.")
    if behind and not int(value):
        raise ImproperlyConfigured(
            f"{name} is 0 although BEHIND_TLS_PROXY is true: everybody would have the proxy's address. Set it to 1, "
            "or to the number of proxies that append to X-Forwarded-For."
        )
    if int(value) and not behind:
        raise ImproperlyConfigured(
            f"{name} is {value} although BEHIND_TLS_PROXY is false: anybody could forge their address. Set "
            f"BEHIND_TLS_PROXY=true, or unset {name}."
        )
    return int(value)


def networks(name: str, example: str) -> list[str]:
    """Return the environment variable `name` as network addresses, separated by commas; empty unless set."""
    found: list[str] = env.list(name, default=[])
    try:
        return [str(ip_network(one)) for one in found]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}. Set networks, for example {name}={example}.") from error


def private_folder(name: str, path: Path) -> Path:
    """Return the folder, made with mode 0700 where it is missing. An unusable one stops every process alike."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}: the folder {path} cannot be made ({error.strerror}). Make it with mode 0700, owned by the user "
            "that the portal runs as."
        ) from error
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"{name}: this user may not write in {path}. Run all processes as one user, and give that user the folder."
        )
    return path


def sender(name: str, example: str) -> str:
    """Return the sender address of mails, with or without a name, from the environment variable `name`."""
    value = required(name, example)
    address = parseaddr(value)[1]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        raise ImproperlyConfigured(f"{name} is {value!r}: set an address that mails come from, for example {example}")
    return value


def token(name: str) -> str:
    """Return the secret in the environment variable `name`; empty unless set."""
    value = str(env.str(name, default=""))
    if value and len(value) < 32:
        raise ImproperlyConfigured(f"{name} is too short: set at least 32 random characters, or unset it.")
    return value


def database(name: str, example: str) -> dict[str, Any]:
    """Return a PostgreSQL connection from the address in the environment variable `name`."""
    required(name, example)
    config = dict(env.db_url(name))
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} must be a postgres:// address: this portal runs on PostgreSQL only.")
    # The queries of the access check are wide and short: compiling them (JIT) for each request costs ten times their
    # run time, and planning them anew twice as much (`portal.core.compiled` prepares them).
    settings = "-c jit=off -c plan_cache_mode=force_generic_plan"
    options = {"application_name": "portal", "options": settings, **config.get("OPTIONS", {})}
    return config | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def secret_keys(name: str) -> list[str]:
    """Return the earlier secret keys in the environment variable `name`, separated by commas; empty unless set."""
    keys = [key.strip() for key in env.list(name, default=[]) if key.strip()]
    if not DEBUG and any(len(key) < 50 for key in keys):
        raise ImproperlyConfigured(
            f"{name} has a key that is too short: set earlier values of SECRET_KEY, whole, separated by commas."
        )
    return keys


FEWEST_BYTES = 10  # different ones, of the 32 of a key: a random key always has more


def signing_keys(name: str) -> list[tuple[str, bytes]]:
    """Return the Ed25519 keys in the variable `name`, the current one first: (private or public, bytes).

    32 bytes in base64url sign; `public:` and the `x` of a JWK is a retired key's public half, which only verifies.
    """
    keys: list[tuple[str, bytes]] = []
    for entry in required(name, "<32 random bytes in base64url>").split(","):
        value = entry.strip().removeprefix("public:")
        kind = "public" if entry.strip().startswith("public:") else "private"
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", value):
            raise ImproperlyConfigured(
                f"{name}: key {len(keys) + 1} is not 32 bytes in base64url, 43 characters (docs/operations.md)."
            )
        secret = base64.urlsafe_b64decode(value + "=")
        if len(set(secret)) < FEWEST_BYTES:
            raise ImproperlyConfigured(f"{name}: key {len(keys) + 1} is not random, so that anyone could sign with it.")
        keys.append((kind, secret))
    if keys[0][0] != "private" or len({secret for _, secret in keys}) != len(keys):
        raise ImproperlyConfigured(f"{name}: the first key must be a private one, and no key may occur twice.")
    return keys


def every(task: str, *, seconds: int) -> dict[str, object]:
    """Return beat's entry for a task; a message that waits for longer than the interval is discarded."""
    return {"task": task, "schedule": timedelta(seconds=seconds), "options": {"expires": seconds}}


def daily(task: str, *, hour: str, minute: str) -> dict[str, object]:
    """Return beat's entry for a task that runs once a day, at a time in UTC."""
    return {"task": task, "schedule": crontab(hour=hour, minute=minute)}


DEBUG = boolean("DEBUG", default=False)
DEMO = boolean("DEMO", default=False)
if DEMO and not DEBUG:
    raise ImproperlyConfigured("DEMO=true shows passwords: it is refused unless DEBUG=true. Unset DEMO.")
SECRET_KEY = required("SECRET_KEY", "a-long-random-string")
if not DEBUG and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY is too short: set at least 50 random characters.")
# Earlier values of SECRET_KEY: they still read what they encrypted and signed (portal/core/encryption.py).
SECRET_KEY_FALLBACKS = secret_keys("SECRET_KEY_FALLBACKS")
# Receipts and the seals of the ledger are signed with the first key; the others still verify (portal/core/signing.py).
SIGNING_KEYS = signing_keys("SIGNING_KEYS")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS, for example ALLOWED_HOSTS=portal.example.org")
BASE_URL = env.str("BASE_URL", default="http://localhost:8000" if DEBUG else f"https://{ALLOWED_HOSTS[0]}").rstrip("/")
STATE_DIR = private_folder("STATE_DIR", Path(env.str("STATE_DIR", default=str(BASE_DIR / ".state"))).absolute())
# Copies of the ledger's published roots that this machine cannot write to: verify_ledger compares with them.
LEDGER_ROOTS_DIR = env.str("LEDGER_ROOTS_DIR", default="")
# The client's address, for every limit and lock (portal/core/client_address.py).
BEHIND_TLS_PROXY = boolean("BEHIND_TLS_PROXY", default=False)
TRUSTED_PROXY_COUNT = proxies("TRUSTED_PROXY_COUNT", behind=BEHIND_TLS_PROXY)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.admin",
    "guardian",
    "pgtrigger",
    "allauth",
    "allauth.account",
    "axes",
    "knox",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "portal.core",
    "portal.ledger",
    "portal.ui",
    "portal.accounts",
    "portal.notices",
    "factories",
    "brands",
    "sharing",
    "assessments",
    "portal.disclosure",
    "portal.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.core.middleware.RequestLog",
    "portal.core.middleware.Probes",
    "portal.core.middleware.CompressedPages",
    "csp.middleware.CSPMiddleware",
    "portal.core.middleware.PrivateResponses",
    "portal.accounts.middleware.RequestReader",
    "portal.core.days.EachPageItsPlace",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.middleware.UserLanguage",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "portal.core.middleware.PagesOfWrongMethods",
]

# Metrics at /metrics/, for Prometheus and nobody else: off unless there is a token (portal/core/health/metrics.py).
METRICS_TOKEN = token("METRICS_TOKEN")
if METRICS_TOKEN:
    MIDDLEWARE.insert(0, "django_prometheus.middleware.PrometheusBeforeMiddleware")
    MIDDLEWARE.append("django_prometheus.middleware.PrometheusAfterMiddleware")

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # What a concept shows lies beside what it does: sharing/requests/templates/requests/inbox.html.
        "DIRS": [
            BASE_DIR / "portal" / "templates",
            *(folder for app in ("sharing", "assessments") for folder in sorted((BASE_DIR / app).glob("*/templates"))),
        ],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.home.menu.navigation",
            ],
        },
    },
]

# Two roles on one database: the web and the worker connect as an app role that owns nothing; `migrate
# --database owner` connects as the owner. See portal/core/database_rights.py.
# Web and worker need not know the owner's password: without DATABASE_OWNER_URL there is no second connection.
DATABASES = {"default": database("DATABASE_URL", "postgres://portal_app:secret@127.0.0.1:5432/portal")}
DATABASES["default"]["ENGINE"] = "portal.core.postgres"  # tells PostgreSQL who reads (portal/core/reader.py)
APP_DATABASE_ROLE = DATABASES["default"]["USER"]
if env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = database("DATABASE_OWNER_URL", "postgres://portal_owner:secret@127.0.0.1:5432/portal")
    if DATABASES["default"]["NAME"] != DATABASES["owner"]["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL and DATABASE_OWNER_URL must name the same database.")
    if DATABASES["owner"]["USER"] == APP_DATABASE_ROLE:
        raise ImproperlyConfigured("DATABASE_URL must use another role than DATABASE_OWNER_URL: the web owns nothing.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="")
CACHES = {
    "default": {"BACKEND": "portal.core.cache.RedisOrOwnMemory", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}
}

# Jobs. Redis in production; `./dev` uses the queue that its own PostgreSQL keeps (docs/decisions).
CELERY_BROKER_URL = REDIS_URL or required("BROKER_URL", "redis://127.0.0.1:6379/0")
if REDIS_URL and env.str("BROKER_URL", default=REDIS_URL) != REDIS_URL:
    # Celery's command line would listen at BROKER_URL while the web sends to Redis.
    raise ImproperlyConfigured("REDIS_URL and BROKER_URL name two brokers: unset BROKER_URL.")
if CELERY_BROKER_URL.startswith("pgmq:"):
    queue = environ.Env.db_url_config(CELERY_BROKER_URL.replace("pgmq", "postgres", 1))
    CELERY_BROKER_URL = "pgmq://"
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "conn_string": f"host={queue['HOST']} port={queue['PORT'] or 5432} dbname={queue['NAME']} "
        f"user={queue['USER']} password={queue['PASSWORD']}",
        "init_extension": False,
        "visibility_timeout": 300,
        "wait_time_seconds": 0,
        "polling_interval": 0.25,
        "pool_size": 4,
        "pool_timeout": 10,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = positive("TASK_TIME_LIMIT_SECONDS", default=3600)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "requeue-lost-jobs": {"task": "portal.core.tasks.requeue_lost_jobs", "schedule": timedelta(seconds=20)},
    "seal-ledger": {"task": "portal.ledger.tasks.seal_ledger", "schedule": timedelta(minutes=10)},
    "tell-people": every("portal.notices.tasks.send_notices", seconds=30),
    "deliver-webhooks": every("portal.notices.tasks.deliver_webhooks", seconds=15),
    "send-waiting-mails": every("portal.core.tasks.send_waiting_mails", seconds=60),
    "prompt-renewals": {"task": "sharing.tasks.prompt_renewals", "schedule": crontab(minute="23")},
    "tend-requests": {"task": "sharing.tasks.tend_requests", "schedule": crontab(minute="23")},
    "clear-old-report-files": daily("assessments.tasks.clear_old_report_files", hour="3", minute="17"),
    "clear-old-notices": daily("portal.notices.tasks.clear_old_notices", hour="3", minute="27"),
    "clear-old-sessions": daily("portal.core.tasks.clear_old_sessions", hour="3", minute="7"),
    "clear-leftovers": daily("portal.core.tasks.clear_leftovers", hour="3", minute="47"),
    # Each day, so that a month is not lost to a beat that was down on the first; a factory is notified once.
    "announce-monthly-digests": daily("sharing.tasks.announce_monthly_digests", hour="4", minute="7"),
    "remind-of-copies": daily("sharing.tasks.remind_of_copies", hour="5", minute="41"),
}
CELERY_BEAT_SCHEDULER = "portal.core.worker:Scheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 15  # seconds: shorter than the interval of heartbeats
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "celerybeat-schedule")
JOB_LEASE = timedelta(seconds=positive("JOB_LEASE_SECONDS", default=60))

# People
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "assessments.backends.AssessmentAccessBackend",
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "portal.accounts.adapter.InvitationOnly"
ACCOUNT_FORMS = {
    "login": "portal.accounts.forms.SignInForm",
    "reset_password": "portal.accounts.forms.ForgottenPasswordForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "portal.accounts.reset_links.ResetLinks"  # noqa: S105 - a class
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an account is made only by opening an invitation sent to its address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""  # the portal's name is in the sender; there is no site to ask without a request
ACCOUNT_RATE_LIMITS = {
    "login_failed": False,  # django-axes counts and locks
    "reset_password": "20/m/ip,5/m/key,10/d/key",  # by the day: nobody's mailbox is filled; each link sent works
}
ACCOUNT_SESSION_REMEMBER = False
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
AXES_FAILURE_LIMIT = positive("LOGIN_FAILURES_BEFORE_LOCK", default=6)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "portal.accounts.lockout.attempted_email"
AXES_CLIENT_IP_CALLABLE = "portal.core.client_address.client_address"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["login", "email", "username", "ip_address"]
AXES_VERBOSE = False
INVITATION_LIFETIME = timedelta(days=positive("INVITATION_DAYS", default=14))
# In 24 hours, against flooding strangers: sent by an organisation, and to an address by anybody.
INVITATIONS_A_DAY = positive("INVITATIONS_A_DAY", default=50)
INVITATIONS_TO_ONE_ADDRESS_A_DAY = positive("INVITATIONS_TO_ONE_ADDRESS_A_DAY", default=5)

# Web
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not DEBUG
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics/$"]  # asked from within the network
SECURE_REFERRER_POLICY = "same-origin"
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
UPLOAD_MAX_BYTES = positive("UPLOAD_MAX_MEGABYTES", default=512) * 1024 * 1024
# Tables that are read while their sender waits, by kind of upload; a workbook of one megabyte takes a second or more.
TABLE_MAX_BYTES = {
    "factories": positive("FACTORY_TABLE_MAX_MEGABYTES", default=4) * 1024 * 1024,
    "suppliers": positive("SUPPLIER_TABLE_MAX_MEGABYTES", default=4) * 1024 * 1024,
    "subscriptions": positive("SUBSCRIPTION_TABLE_MAX_MEGABYTES", default=1) * 1024 * 1024,
    "ask": positive("ASK_TABLE_MAX_MEGABYTES", default=1) * 1024 * 1024,
    "questionnaires": positive("QUESTIONNAIRE_TABLE_MAX_MEGABYTES", default=4) * 1024 * 1024,
}
# On the file system of the private storage: uploaded files are moved there, not copied.
FILE_UPLOAD_HANDLERS = ["portal.core.uploads.NoUpload"]  # a view that takes files has to allow it
FILE_UPLOAD_TEMP_DIR = private_folder("STATE_DIR", STATE_DIR / "incoming")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "portal" / "static"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": STATE_DIR / "private"},
    },
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": STATE_DIR / "private",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
REPORT_LINK_LIFETIME = timedelta(minutes=positive("REPORT_LINK_MINUTES", default=10))

# Consent: how many factories a brand may ask in 24 hours, against flooding.
REQUESTS_A_DAY = positive("REQUESTS_A_DAY", default=300)

# The frame of reports is translated into all of REPORT_LANGUAGES. The pages are offered in those whose catalogue
# is complete: a language is added by a line here (`./dev catalogues --check LANG`; docs/decisions/0018).
LANGUAGE_CODE = "en"
COMPLETE_LANGUAGES = {"en", "km", "vi", "bn", "id", "ar", "fr", "es"}
REPORT_LANGUAGES = [
    ("en", _("English")),
    ("km", _("Khmer")),
    ("vi", _("Vietnamese")),
    ("bn", _("Bengali")),
    ("id", _("Indonesian")),
    ("ar", _("Arabic")),
    ("fr", _("French")),
    ("es", _("Spanish")),
]
LANGUAGES = [(code, name) for code, name in REPORT_LANGUAGES if code in COMPLETE_LANGUAGES]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

# Mail
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25")
if "EMAIL_FILE_PATH" in EMAIL_CONFIG:
    EMAIL_CONFIG["EMAIL_FILE_PATH"] = unquote(EMAIL_CONFIG["EMAIL_FILE_PATH"])
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = positive("EMAIL_TIMEOUT_SECONDS", default=20)
DEFAULT_FROM_EMAIL = (
    env.str("DEFAULT_FROM_EMAIL", default="Better Work portal <portal@localhost>")
    if DEBUG
    else sender("DEFAULT_FROM_EMAIL", "Portal <portal@example.org>")
)

# Notices: a person is mailed at most once in the interval; daily mails leave at this hour (UTC).
MAIL_INTERVAL = timedelta(minutes=positive("MAIL_INTERVAL_MINUTES", default=15))
MAIL_DAILY_HOUR = positive("MAIL_DAILY_HOUR", default=6)
if MAIL_DAILY_HOUR > 23:
    raise ImproperlyConfigured(f"MAIL_DAILY_HOUR is {MAIL_DAILY_HOUR}: set it to an hour from 1 to 23.")
NOTICES_KEPT = timedelta(days=positive("NOTICES_KEPT_DAYS", default=90))
# Webhooks go to the public internet only. The networks that they may reach besides, and the trusted certificates.
WEBHOOK_ALLOWED_NETWORKS = networks("WEBHOOK_ALLOWED_NETWORKS", "10.20.0.0/24")
WEBHOOK_CA_FILE = env.str("WEBHOOK_CA_FILE", default="")

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "portal.accounts.api_auth.IntegrationTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "portal.core.api.KeysetPagination",
    "DEFAULT_THROTTLE_CLASSES": ["portal.core.api.PersonThrottle"],
    "NUM_PROXIES": TRUSTED_PROXY_COUNT,
    "DEFAULT_THROTTLE_RATES": {
        "person": env.str("API_RATE", default="600/min"),
        "verify": env.str("VERIFY_RATE", default="60/min"),
    },
    "EXCEPTION_HANDLER": "portal.core.api.problem_response",
}
REST_KNOX = {
    "TOKEN_MODEL": "accounts.ApiToken",
    "TOKEN_TTL": timedelta(days=90),
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": None,
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - the name of a model
SPECTACULAR_SETTINGS = {
    "TITLE": "Better Work portal API",
    "VERSION": "1",
    "DESCRIPTION": (
        "Read your data from programs, under the same rules as the pages. Anything that you may not see returns 404."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ReceiptKind": ["granted", "proposed", "confirmed", "changed", "ended", "expired"],
        "GrantScope": "sharing.scopes.SCOPE_WORDS",
        "AssessmentScope": "sharing.scopes.ASSESSMENT_WORDS",
        "OrganisationKind": ["factory", "brand", "programme"],
        "OrganisationSide": ["factory", "brand"],
        "FindingCode": ["nc", "nc_national_law", "compliant", "not_applicable", "not_assessed", "info"],
    },
}

# Logs: structured, without personal data or report contents (invariant 8)
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
SHARED_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
]
if not DEBUG:
    SHARED_PROCESSORS.append(without_messages)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "foreign_pre_chain": SHARED_PROCESSORS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.dev.ConsoleRenderer(colors=False) if DEBUG else structlog.processors.JSONRenderer(),
            ],
        }
    },
    "filters": {
        "routes_only": {"()": "portal.core.logs.RoutesOnly"},
        "task_errors": {"()": "portal.core.logs.TaskErrors"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "structured",
            "filters": ["routes_only", "task_errors"],
        }
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "axes": {"level": "ERROR"},
        # A log line for each message and each turn of beat is of no use: jobs have log lines of their own.
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *SHARED_PROCESSORS,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
