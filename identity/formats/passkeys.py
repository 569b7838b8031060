"""How passkeys become bytes and back: what authenticators are asked, and what they answer (AUTH-1).

The port to W3C Web Authentication, level 3: the only module that knows the library behind it. It
reaches no network: the browser speaks to the authenticator.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

# ES256 and EdDSA; RS256 is what the security chip of many office PCs makes.
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# The standard's own bound for a credential's name.
CREDENTIAL_ID_LONGEST = 1023
_UNREADABLE = (
    WebAuthnException, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    RecursionError, struct.error,
)  # fmt: skip

Answer = Mapping[str, Any]


class AnswerUnfit(Exception):
    """Say that an authenticator's answer does not show what was asked; why is for the log.

    The reason is always one of this module's own: the library's words quote the answer, and what
    an attacker wrote may be text that the log cannot hold.
    """


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Name the site as authenticators know it: its host name, its name for people, its origins."""

    host: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """Carry what is kept of a passkey: its id, its public key (COSE) and where its counter is."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def relying_party() -> RelyingParty:
    """Return the staff site as the settings name it; without a host where it has no name."""
    return RelyingParty(
        host=settings.WEBAUTHN_RP_ID, name=settings.BANK_NAME, origins=tuple(settings.STAFF_ORIGINS)
    )


def registration_options(
    party: RelyingParty,
    *,
    challenge: bytes,
    handle: str,
    login_name: str,
    display_name: str,
    known: Sequence[bytes],
    milliseconds: int,
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked, as JSON values.

    `handle` names the person to their authenticator and says nothing about them; `known` are the
    passkeys they have already.
    """
    options = generate_registration_options(
        rp_id=party.host,
        rp_name=party.name,
        user_id=handle.encode(),
        user_name=login_name,
        user_display_name=display_name,
        challenge=challenge,
        timeout=milliseconds,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=ALGORITHMS,
    )
    return dict(options_to_json_dict(options))


def sign_in_options(
    party: RelyingParty, *, challenge: bytes, known: Sequence[bytes], milliseconds: int
) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked, as JSON values."""
    options = generate_authentication_options(
        rp_id=party.host,
        challenge=challenge,
        timeout=milliseconds,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(options))


def read_challenge(answer: Answer) -> bytes:
    """Return the challenge an answer says it is to. Raises AnswerUnfit."""
    try:
        data = parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        if data.cross_origin:
            raise AnswerUnfit("asked for inside another site's page")
        return bytes(data.challenge)
    except _UNREADABLE as error:
        raise AnswerUnfit("unreadable") from error


def read_credential_id(answer: Answer) -> bytes:
    """Return the id of the passkey an answer comes from. Raises AnswerUnfit."""
    try:
        return bytes(base64url_to_bytes(answer["rawId"]))
    except _UNREADABLE as error:
        raise AnswerUnfit("unreadable") from error


def read_registration(answer: Answer, party: RelyingParty, *, challenge: bytes) -> NewPasskey:
    """Return the new passkey of an answer whose holder was verified by their authenticator.

    Raises AnswerUnfit.
    """
    try:
        found = verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except _UNREADABLE as error:
        raise AnswerUnfit("the answer does not verify") from error
    if len(found.credential_id) > CREDENTIAL_ID_LONGEST:
        raise AnswerUnfit("the credential's id is too long")
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def read_assertion(
    answer: Answer, party: RelyingParty, *, challenge: bytes, public_key: bytes
) -> int:
    """Return the counter of an answer that this key has signed, its holder verified.

    Whether the counter has moved on is not looked at here. Raises AnswerUnfit.
    """
    try:
        found = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _UNREADABLE as error:
        raise AnswerUnfit("the answer does not verify") from error
    return int(found.new_sign_count)
