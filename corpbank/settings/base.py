"""What both sites, the worker and the tests share; secrets come from the environment."""

from pathlib import Path
from typing import Any

from celery.schedules import crontab

from corpbank.logs import logging_settings
from corpbank.settings import environment

BASE_DIR = Path(__file__).resolve().parents[2]

# --- what is installed -------------------------------------------------------------------------
# Own apps stand first, so that their commands and templates win over those of the same name.
INSTALLED_APPS = [
    "corpbank.apps.CorpbankConfig",
    # Named in full: the module also holds the configuration of the staff site's admin.
    "branch_ops.apps.BranchOpsConfig",
    "enterprise",
    "transfers",
    "approvals",
    "certificates",
    "ledger",
    "identity",
    "alerts",
    "audit",
    "guardian",
    "django_fsm",
    "django_filters",
    "csp",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corpbank.middleware.NumberMiddleware",
    "corpbank.middleware.PrivateMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "identity.middleware.PersonMiddleware",
    "identity.middleware.DraftMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corpbank.middleware.ErrorMiddleware",
    "corpbank.gates.GateMiddleware",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "enterprise.context_processors.shell",
            ],
        },
    },
]
WSGI_APPLICATION = "corpbank.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- where things are kept ---------------------------------------------------------------------
DATABASE_POOL_SIZE = environment.number("DATABASE_POOL_SIZE", 8)


def databases(url: str, owner_url: str, *, pool_size: int) -> dict[str, dict[str, Any]]:
    """Return the one database under its two roles.

    'default' reads and writes rows as the application role. 'owner' owns the tables and is used by
    ``migrate --database=owner`` alone; a site that is given no OWNER_DATABASE_URL cannot be it.
    """
    aliases = {"default": environment.database(url, pool_size=pool_size)}
    if owner_url:
        aliases["owner"] = environment.database(owner_url)
    return aliases


def caches(redis_url: str) -> dict[str, dict[str, Any]]:
    """Return the cache on the Redis protocol: counters and hints, never the truth."""
    backend = "django.core.cache.backends.redis.RedisCache"
    return {"default": {"BACKEND": backend, "LOCATION": redis_url, "KEY_PREFIX": "corpbank"}}


# --- language, numbers and time ----------------------------------------------------------------
LANGUAGE_CODE = "zh-hant"
LANGUAGES = [("zh-hant", "繁體中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
# Django's own zh_Hant formats switch the thousands separator off and refuse 1,234,567.
FORMAT_MODULE_PATH = "corpbank.formats"
USE_TZ = True
TIME_ZONE = "Asia/Taipei"

# --- files -------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(environment.text("STATIC_ROOT") or BASE_DIR / "staticfiles")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # The name of a file carries its content's hash, so browsers may keep it for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- people ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["guardian.backends.ObjectPermissionBackend"]
PASSWORD_HASHERS = ["identity.formats.PasswordHasher"]
# Passes, memory in KiB, lanes. One lane: several would let one sign-in take every core from people
# who are releasing, and make nothing harder for whoever has stolen the hashes. Twice the work that
# OWASP asks for at this memory; `python -m bench.signing_in` measures it.
ARGON2_COST = (2, 47_104, 1)
# How many passwords one process checks at a time: each takes the memory named above, and a core.
# Some more may wait for it, on threads of the server that are not needed elsewhere meanwhile.
SIGN_IN_HASHES = environment.number("SIGN_IN_HASHES", 1)
SIGN_IN_WAITING = environment.number("SIGN_IN_WAITING", 8)
# Guardian would otherwise make a user row nobody asked for, and add methods to the user model.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
SESSION_ENGINE = "identity.backends"
SIGN_IN_URL = "enterprise:sign_in"
HOME_URL = "enterprise:home"
STEP_UP_URL = "enterprise:step_up"
# Sessions are rows of identity; messages between two pages travel in a signed cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# --- browsers ----------------------------------------------------------------------------------
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# The row decides how long a session stands (SES-1); the cookie goes with the browser's window.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
LANGUAGE_COOKIE_SAMESITE = "Lax"
# How a reader likes to enter a password; each site puts its own name below.
ENTRY_COOKIE_NAME = "corpbank_entry"
ENTRY_COOKIE_SECURE = True
DEVICE_COOKIE_NAME = "corpbank_device"  # each site names its own
DEVICE_COOKIE_SECURE = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
CSRF_FAILURE_VIEW = "corpbank.views.forged"
CSP_REPORT_PATH = "/csp-reports"


def cookies(site: str, *, plain_http: bool) -> dict[str, Any]:
    """Return the cookie settings of one site.

    Cookies ignore ports: two sites on one host name would otherwise read each other's. Over TLS
    the names start with ``__Host-``, which binds them to exactly one host.
    """
    prefix = "" if plain_http else "__Host-"
    return {
        "SESSION_COOKIE_NAME": f"{prefix}corpbank_{site}_session",
        "CSRF_COOKIE_NAME": f"{prefix}corpbank_{site}_csrf",
        # By this one a browser is known again; it opens nothing (AUTH-6).
        "DEVICE_COOKIE_NAME": f"{prefix}corpbank_{site}_device",
        "LANGUAGE_COOKIE_NAME": f"corpbank_{site}_language",
        "ENTRY_COOKIE_NAME": f"corpbank_{site}_entry",
        "SESSION_COOKIE_SECURE": not plain_http,
        "CSRF_COOKIE_SECURE": not plain_http,
        "DEVICE_COOKIE_SECURE": not plain_http,
        "LANGUAGE_COOKIE_SECURE": not plain_http,
        "ENTRY_COOKIE_SECURE": not plain_http,
    }


# --- the worker --------------------------------------------------------------------------------
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# The queue only wakes the worker and a sweep follows anyway: a request never waits for it.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULE = {
    "alerts.sweep": {"task": "alerts.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "certificates.keep_list_current": {
        "task": "certificates.keep_list_current",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "certificates.expire": {
        "task": "certificates.expire",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "certificates.refresh_external_lists": {
        "task": "certificates.refresh_external_lists",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "certificates.stamp": {
        "task": "certificates.stamp",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "identity.purge_drafts": {
        "task": "identity.purge_drafts",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "approvals.expire": {"task": "approvals.expire", "schedule": 60.0, "options": {"expires": 60}},
    # At half past eight in Taipei, so that whoever is told can ask somebody about it.
    "identity.warn_passwords": {
        "task": "identity.warn_passwords",
        "schedule": crontab(hour=0, minute=30),
        "options": {"expires": 3600},
    },
    "identity.end_idle": {
        "task": "identity.end_idle",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}

# --- the outside world -------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = environment.text("EMAIL_HOST", "127.0.0.1")
EMAIL_PORT = environment.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = environment.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = environment.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = environment.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "e-banking@bank.example")
SMS_GATEWAY_URL = environment.text("SMS_GATEWAY_URL")
SMS_GATEWAY_TOKEN = environment.text("SMS_GATEWAY_TOKEN")
CORE_HOST = environment.text("CORE_HOST", "embedded")

# --- the bank and its certificates -------------------------------------------------------------
BANK_NAME = environment.text("BANK_NAME", "示範商業銀行")
BANK_SERVICE_PHONE = environment.text("BANK_SERVICE_PHONE", "0800-000-000")
BANK_SERVICE_EMAIL = environment.text("BANK_SERVICE_EMAIL", "service@bank.example")
# Shown in the frame of every page where the site is not the real one; empty in production.
ENVIRONMENT_LABEL = environment.text("ENVIRONMENT_LABEL")
ALERTS_LEASE_SECONDS = environment.number("ALERTS_LEASE_SECONDS", 90)
BANK_UNIFIED_NUMBER = environment.text("BANK_UNIFIED_NUMBER", "00000000")
PKI_PUBLIC_URL = environment.text("PKI_PUBLIC_URL", "http://127.0.0.1:8000/pki")
# Who stamps the time of signatures: an authority that answers over HTTP (RFC 3161), whose roots
# stand in a PEM file. Without one the bank's own authority does it.
TSA_URL = environment.text("TSA_URL")
TSA_ROOTS_FILE = environment.text("TSA_ROOTS_FILE")
# Where the authority's keys are made: "file", or "pkcs11" for a token or security module.
PKI_KEYS = environment.text("PKI_KEYS", "file")
PKCS11_MODULE = environment.text("PKCS11_MODULE")
PKCS11_TOKEN_LABEL = environment.text("PKCS11_TOKEN_LABEL")
PKCS11_PIN = environment.text("PKCS11_PIN")
# Where a signing key may be kept; a demonstration adds BROWSER, a bank does not (SIGN-6).
SIGNING_ALLOWED_STORAGES = environment.words("SIGNING_ALLOWED_STORAGES", "HARDWARE")
# Where lists of outside authorities come from: `http` (each issuer's address) or `file`.
EXTERNAL_LISTS = environment.text("EXTERNAL_LISTS", "http")
EXTERNAL_LISTS_DIRECTORY = environment.text("EXTERNAL_LISTS_DIRECTORY")

# --- what is written down ----------------------------------------------------------------------
LOGGING = logging_settings(
    level=environment.text("LOG_LEVEL", "INFO"), pretty=environment.flag("LOG_PRETTY")
)
LOGGING_CONFIG = "logging.config.dictConfig"
DEBUG = False

# --- the staff site's window -------------------------------------------------------------------
STAFF_ADMIN = "branch_ops.apps.StaffAdminConfig"
# The admin asks for Django's own session and sign-in middleware; sessions here are identity's.
STAFF_SILENCED_CHECKS = ["admin.E408", "admin.E410"]
# The admin keeps no log of its own: what happens stands in the audit log.
MIGRATION_MODULES = {"admin": None}


def admin_templates() -> list[dict[str, Any]]:
    """Return the template settings with what the admin's pages need besides."""
    engine = TEMPLATES[0]
    processors = [
        *engine["OPTIONS"]["context_processors"],
        "django.contrib.auth.context_processors.auth",
        "branch_ops.context_processors.frame",
    ]
    return [{**engine, "OPTIONS": {**engine["OPTIONS"], "context_processors": processors}}]


def staff_templates() -> list[dict[str, Any]]:
    """Return the staff site's template settings: its own frame of error pages goes before."""
    engine = admin_templates()[0]
    own = BASE_DIR / "templates" / "branch_ops" / "site"
    return [{**engine, "DIRS": [own, *engine["DIRS"]]}]
