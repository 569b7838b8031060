"""What the customer's own pages show."""

from enterprise.queries.certificates import (
    certificate_rows,
    is_last_suspension,
    suspensions_used,
    waits_for_card,
)
from enterprise.queries.company import company_certificate, company_certificates
from enterprise.queries.sign_ins import device_name, sign_in_rows

__all__ = [
    "certificate_rows",
    "company_certificate",
    "company_certificates",
    "device_name",
    "is_last_suspension",
    "sign_in_rows",
    "suspensions_used",
    "waits_for_card",
]
