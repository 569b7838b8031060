"""How to knock at each address of the enterprise site: a new one without a case fails the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """Say how to knock at one address: method, which real thing it names, who may knock at all.

    `names` lists the parts of the address, filled with the first company's real values; `who`
    is a login of a role that holds the permission, so that only the wall between companies is
    left to stop them.
    """

    method: str = "GET"
    names: tuple[str, ...] = ()
    who: str = "maker01"


REFERENCE, SERIAL = ("reference",), ("serial",)
CASES = {
    "enterprise:home": Case(),
    "enterprise:sign_in": Case(),
    "enterprise:take_over": Case("POST"),
    "enterprise:sign_out": Case("POST"),
    "enterprise:bulletins": Case(),
    "enterprise:bulletin": Case("GET", ("news",)),
    "enterprise:download": Case("GET", ("file",)),
    "entry:choose": Case("POST"),
    "entry:keypad": Case("POST"),
    "entry:number": Case("GET", ("page",)),
    "entry:number_in_words": Case("POST", ("page",)),
    "enterprise:stay": Case("POST"),
    "enterprise:step_up": Case(),
    "enterprise:draft": Case("POST"),
    "enterprise:first_use": Case(),
    "enterprise:profile": Case("POST"),
    "enterprise:certificates": Case(),
    "enterprise:enrol_card": Case(who="release1"),
    "enterprise:change_password": Case("POST"),
    "enterprise:renew_certificate": Case(who="release1"),
    "enterprise:activate_certificate": Case("POST", who="release1"),
    "enterprise:prepare_activation": Case("POST", who="release1"),
    "enterprise:report_lost": Case("GET", who="release1"),
    "enterprise:company_certificates": Case(who="security2"),
    "enterprise:company_certificate": Case("GET", SERIAL, "security2"),
    "enterprise:prepare_certificate_act": Case("POST", ("serial", "verb"), "security2"),
    "enterprise:suspend_certificate": Case("POST", SERIAL, "security2"),
    "enterprise:revoke_certificate": Case("POST", SERIAL, "security2"),
    "enterprise:company_policy": Case(who="security2"),
    "enterprise:propose_company_policy": Case("POST", who="security1"),
    "enterprise:edit_company_policy": Case("POST", REFERENCE, "security1"),
    "enterprise:sessions": Case(),
    "enterprise:activate": Case(),
    "enterprise:people_help": Case(who="security1"),
    "enterprise:help_unlock": Case("POST", ("person",), "security1"),
    "enterprise:help_credentials": Case("POST", ("person",), "security1"),
    "enterprise:help_edit": Case("POST", REFERENCE, "security1"),
    "enterprise:end_session": Case("POST"),
    "approvals:inbox": Case(),
    "approvals:request": Case("GET", REFERENCE),
    "approvals:confirm": Case("GET", REFERENCE),
    "approvals:evidence": Case("GET", REFERENCE),
    "approvals:signature": Case("GET", ("reference", "signature")),
    "approvals:prepare": Case("POST", ("reference", "act"), "release1"),
    "approvals:submit": Case("POST", REFERENCE),
    "approvals:review": Case("POST", REFERENCE, "review1a"),
    "approvals:release": Case("POST", REFERENCE, "release1"),
    "approvals:send_code": Case("POST", REFERENCE, "release1"),
    "approvals:return": Case("POST", REFERENCE, "release1"),
    "approvals:reject": Case("POST", REFERENCE, "release1"),
    "approvals:withdraw": Case("POST", REFERENCE),
    "approvals:delete": Case("POST", REFERENCE),
    "transfers:orders": Case(),
    "transfers:new": Case("POST"),
    "transfers:edit": Case("POST", REFERENCE),
    "transfers:check": Case("GET", REFERENCE),
    "transfers:accounts": Case(),
    "transfers:account": Case("GET", ("number",)),
    "certificates:enrol": Case("POST", who="release1"),
    "certificates:confirm": Case("POST", who="release1"),
    "certificates:unlock": Case("POST", who="release1"),
    "certificates:prepare_authentication": Case("POST", who="release1"),
    "certificates:unlock_authentication": Case("POST", who="release1"),
    "certificates:authenticate": Case("POST", who="release1"),
    "certificates:prepare_renewal": Case("POST", who="release1"),
    "certificates:renew": Case("POST", who="release1"),
    "certificates:crl": Case(),
    "certificates:authority_crl": Case("GET", ("authority",)),
    "certificates:ocsp": Case("POST"),
    "certificates:ocsp_by_address": Case("GET", ("question",)),
    "certificates:root": Case(),
    "certificates:issuing": Case(),
    "certificates:verifier": Case(),
    "set_language": Case("POST"),
    "csp_report": Case("POST"),
    "live": Case(),
    "ready": Case(),
}
