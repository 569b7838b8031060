"""The bank's own site."""

from corpbank.settings import base
from corpbank.settings.base import *  # noqa: F403 -- Django's own way of sharing settings
from corpbank.settings.policies import staff_policy
from corpbank.settings.site import *  # noqa: F403 -- the same
from corpbank.settings.site import PLAIN_HTTP

SITE = "staff"
SIGN_IN_URL = "staff:sign_in"
HOME_URL = "staff:home"
STEP_UP_URL = "staff:second_factor"
ROOT_URLCONF = "corpbank.urls.staff"
INSTALLED_APPS = [*base.INSTALLED_APPS, base.STAFF_ADMIN]
TEMPLATES = base.staff_templates()
SILENCED_SYSTEM_CHECKS = base.STAFF_SILENCED_CHECKS
CONTENT_SECURITY_POLICY = staff_policy(base.CSP_REPORT_PATH)
globals().update(base.cookies(SITE, plain_http=PLAIN_HTTP))
