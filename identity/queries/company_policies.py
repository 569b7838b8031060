"""What does a company ask of its own people beyond the bank's rules?"""

from __future__ import annotations

from identity.models import CompanyPolicy


def company_policy(company_id: int | None) -> CompanyPolicy:
    """Return a company's policy; one that asks for nothing where there is none (AUTH-5, AUTH-7).

    People of the bank have no company, and nothing more is asked of them here.
    """
    if company_id is None:
        return CompanyPolicy()
    found = CompanyPolicy.objects.filter(company_id=company_id).first()
    return found or CompanyPolicy(company_id=company_id)
