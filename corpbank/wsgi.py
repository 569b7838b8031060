"""The WSGI application of the site DJANGO_SETTINGS_MODULE names (the enterprise site by default)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "corpbank.settings.enterprise")

application = get_wsgi_application()
