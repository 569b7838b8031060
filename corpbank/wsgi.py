"""The WSGI application of the site that DJANGO_SETTINGS_MODULE names."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "corpbank.settings.enterprise")

application = get_wsgi_application()
