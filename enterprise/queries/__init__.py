"""What the customer's own pages show."""

from enterprise.queries.certificates import (
    certificate_rows,
    is_last_suspension,
    suspensions_used,
    waits_for_card,
)
from enterprise.queries.company import company_certificate, company_certificates

__all__ = [
    "certificate_rows",
    "company_certificate",
    "company_certificates",
    "is_last_suspension",
    "suspensions_used",
    "waits_for_card",
]
