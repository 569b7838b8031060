"""Settings of the tests: the enterprise site, with the admin installed so both sites can be walked.

The addresses below lead nowhere: tests/conftest.py puts the run's own servers and directories in
their place.
"""

from corpbank.settings import base
from corpbank.settings.base import *  # noqa: F403 -- Django's own way of sharing settings
from corpbank.settings.policies import enterprise_policy

SITE = "enterprise"
ROOT_URLCONF = "corpbank.urls.enterprise"
SECRET_KEY = "only-for-tests-only-for-tests-only-for-tests"  # noqa: S105 -- protects nothing
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PLAIN_HTTP = True
WEBAUTHN_RP_ID, STAFF_ORIGINS = "testserver", ["http://testserver"]
REDIS_URL = "redis://127.0.0.1:9/0"
DATABASES = base.databases(
    "postgresql://corpbank_app@127.0.0.1:9/unset",
    "postgresql://corpbank_owner@127.0.0.1:9/unset",
    pool_size=0,
)
CACHES = base.caches(REDIS_URL)
CELERY_BROKER_URL = REDIS_URL
INSTALLED_APPS = [*base.INSTALLED_APPS, base.STAFF_ADMIN]
TEMPLATES = base.admin_templates()
SILENCED_SYSTEM_CHECKS = base.STAFF_SILENCED_CHECKS
STORAGES = base.STORAGES | {
    # Plain names: tests need no collectstatic.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
ARGON2_COST = (1, 8, 1)  # the same algorithm at its cheapest: strength is not what tests measure
SIGN_IN_WAITING = 200  # threads race to be counted; the tests of the bound set their own
PKI_KEY_DIRECTORY = "/nowhere"
PKI_KEY_PASSPHRASE = LETTER_HASH_KEY = "only-for-tests"  # noqa: S105 -- protects nothing
SIGNING_ALLOWED_STORAGES = ["BROWSER", "SOFTWARE", "HARDWARE"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_GATEWAY_URL = "http://127.0.0.1:9/messages"
SMS_GATEWAY_TOKEN = "only-for-tests"  # noqa: S105 -- protects nothing
CONTENT_SECURITY_POLICY = enterprise_policy(base.CSP_REPORT_PATH)
globals().update(base.cookies(SITE, plain_http=True))
