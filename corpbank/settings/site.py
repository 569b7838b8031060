"""What a running site needs from its environment; nothing here has a default that would be unsafe.

Required: SECRET_KEY, DATABASE_URL, REDIS_URL, ALLOWED_HOSTS (comma-separated), PKI_KEY_DIRECTORY,
PKI_KEY_PASSPHRASE, LETTER_HASH_KEY. For migrations also OWNER_DATABASE_URL. Optional:
CSRF_TRUSTED_ORIGINS, BEHIND_TLS_PROXY=1 (trust X-Forwarded-Proto of the proxy in front),
PLAIN_HTTP=1 (a demonstration on one machine, without TLS), WEBAUTHN_RP_ID and STAFF_ORIGINS (how
passkeys know the staff site; otherwise by the last host name of ALLOWED_HOSTS).
"""

from corpbank.settings import base, environment

PLAIN_HTTP = environment.flag("PLAIN_HTTP")
SECRET_KEY = environment.required("SECRET_KEY")
PKI_KEY_DIRECTORY = environment.required("PKI_KEY_DIRECTORY")
PKI_KEY_PASSPHRASE = environment.required("PKI_KEY_PASSPHRASE")
LETTER_HASH_KEY = environment.required("LETTER_HASH_KEY")
REDIS_URL = environment.required("REDIS_URL")
DATABASES = base.databases(
    environment.required("DATABASE_URL"),
    environment.text("OWNER_DATABASE_URL"),
    pool_size=base.DATABASE_POOL_SIZE,
)
CACHES = base.caches(REDIS_URL)
CELERY_BROKER_URL = REDIS_URL
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or [environment.required("ALLOWED_HOSTS")]
WEBAUTHN_RP_ID = environment.text("WEBAUTHN_RP_ID") or environment.last_host_name(ALLOWED_HOSTS)
_SCHEME = "http" if PLAIN_HTTP else "https"
STAFF_ORIGINS = environment.words("STAFF_ORIGINS") or [f"{_SCHEME}://{WEBAUTHN_RP_ID}"]
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")
SECURE_SSL_REDIRECT = not PLAIN_HTTP
SECURE_HSTS_SECONDS = 0 if PLAIN_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not PLAIN_HTTP
SECURE_HSTS_PRELOAD = not PLAIN_HTTP
if environment.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
