"""The customers' site, and the worker."""

from corpbank.settings import base
from corpbank.settings.base import *  # noqa: F403 -- Django's own way of sharing settings
from corpbank.settings.policies import enterprise_policy
from corpbank.settings.site import *  # noqa: F403 -- the same
from corpbank.settings.site import PLAIN_HTTP

SITE = "enterprise"
ROOT_URLCONF = "corpbank.urls.enterprise"
CONTENT_SECURITY_POLICY = enterprise_policy(base.CSP_REPORT_PATH)
globals().update(base.cookies(SITE, plain_http=PLAIN_HTTP))
