"""The card's messages from the browser, and what everyone may fetch of the authority."""

from certificates.views.authenticating import (
    CardSignIn,
    authenticate,
    card_sign_in,
    prepare_authentication,
    unlock_authentication,
)
from certificates.views.authority import (
    authority_crl,
    crl,
    issuing,
    ocsp,
    ocsp_by_address,
    root,
    verifier,
)
from certificates.views.cards import (
    confirm,
    enrol,
    enrolment_page,
    prepare_renewal,
    renew,
    unlock,
)
from certificates.views.messages import origin_of

__all__ = [
    "CardSignIn",
    "authenticate",
    "authority_crl",
    "card_sign_in",
    "confirm",
    "crl",
    "enrol",
    "enrolment_page",
    "issuing",
    "ocsp",
    "ocsp_by_address",
    "origin_of",
    "prepare_authentication",
    "prepare_renewal",
    "renew",
    "root",
    "unlock",
    "unlock_authentication",
    "verifier",
]
