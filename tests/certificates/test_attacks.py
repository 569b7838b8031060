"""The attacks of the signing specification as one table: what is tried, what must come of it.

Each row sets its scene and returns the attempt. Afterwards the answer is the one expected, and no
certificate, no suspension and no signature is other than it was. Openssl is the judge of what
leaves the bank. Attacks on two people's control stand beside the counter's stories, attacks on the
evidence beside the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from certificates.errors import (
    RequestReason,
    SignatureReason,
    SigningReason,
    StatementReason,
)
from certificates.formats.statements import RequestReference, Step
from certificates.models import Certificate, Signature
from kernel.canonical import sha256_hex
from tests.certificates.attacks import (
    CHANGED,
    DAY,
    REFUSED,
    SECOND,
    STALE,
    USED,
    Attempt,
    anothers_sign_request,
    answer_to,
    asked_otherwise,
    certificate_of_another_company,
    changed_after_signing,
    double_click,
    fact,
    key_of_another,
    letter_expired,
    letter_of_a_lifting_after_revocation,
    letter_of_another_company,
    letter_of_another_person,
    letter_of_enrolment_used_to_lift,
    letter_of_lifting_used_to_enrol,
    letter_right_after_five_wrong,
    letter_superseded,
    letter_used,
    lifting_after_the_third_suspension,
    lifting_of_a_revoked,
    member,
    nonce_of_an_older_page,
    nonce_replayed,
    payee_called,
    pin_not_given,
    point_off_the_curve,
    request,
    signature_moved_to_another_request,
    signed_at,
    signed_by_a_self_made_key,
    signed_by_the_authentication_key,
    signed_otherwise,
    statement_expired,
    suspended_and_lifted_between,
    suspended_between,
)
from tests.certificates.test_formats_requests import builder, signed
from tests.factories.cards import TestCard
from tests.factories.certificates import (
    decision,
)


@dataclass(frozen=True)
class Attack:
    """Hold how an attack is prepared, and the answers one of which it must get."""

    prepare: Callable[[], Attempt]
    answers: tuple[str, ...]


ATTACKS: dict[str, Attack] = {
    "letter: the right secret after five wrong ones": Attack(
        letter_right_after_five_wrong, (REFUSED,)
    ),
    "letter: expired": Attack(letter_expired, (REFUSED,)),
    "letter: superseded": Attack(letter_superseded, (REFUSED,)),
    "letter: used already": Attack(letter_used, (REFUSED,)),
    "letter: of a lifting, to enrol": Attack(letter_of_lifting_used_to_enrol, (REFUSED,)),
    "letter: of an enrolment, to lift": Attack(letter_of_enrolment_used_to_lift, (REFUSED,)),
    "letter: another person's": Attack(letter_of_another_person, (REFUSED,)),
    "letter: another company's": Attack(letter_of_another_company, (REFUSED,)),
    "request: changed after signing": Attack(
        request(changed_after_signing), (RequestReason.BAD_SIGNATURE,)
    ),
    "request: weak curve": Attack(
        request(lambda nonce: signed(ec.generate_private_key(ec.SECP256K1()), builder(nonce))),
        (RequestReason.WEAK_CURVE,),
    ),
    "request: RSA of 1024 bits": Attack(
        request(
            lambda nonce: TestCard(rsa.generate_private_key(65537, 1024)).make_request(nonce)  # noqa: S505 - weak on purpose
        ),
        (RequestReason.WEAK_KEY_SIZE,),
    ),
    "request: point off the curve": Attack(
        request(point_off_the_curve), (RequestReason.POINT_OFF_CURVE,)
    ),
    "request: a key certified before": Attack(
        key_of_another, ("certificates.request.key_already_used",)
    ),
    "request: nonce of an older page": Attack(nonce_of_an_older_page, (RequestReason.WRONG_NONCE,)),
    "request: a megabyte": Attack(request(lambda nonce: bytes(2**20)), (RequestReason.TOO_LARGE,)),
    "suspended by a double click": Attack(double_click, (CHANGED,)),
    "lifting of a revoked certificate": Attack(lifting_of_a_revoked, (CHANGED,)),
    "lifting after the third suspension": Attack(lifting_after_the_third_suspension, (CHANGED,)),
    "letter of a lifting after revocation": Attack(
        letter_of_a_lifting_after_revocation, (SigningReason.NO_CERTIFICATE,)
    ),
    "suspended by another company": Attack(
        certificate_of_another_company, ("certificates.certificate.unknown",)
    ),
    "wrong audience": Attack(asked_otherwise(audience="https://evil.example"), (STALE,)),
    "nonce replayed": Attack(nonce_replayed, (USED,)),
    "signature of another statement": Attack(
        signature_moved_to_another_request, (SignatureReason.BAD_SIGNATURE,)
    ),
    "statement expired": Attack(statement_expired, (SigningReason.REQUEST_EXPIRED,)),
    "asked: another amount": Attack(
        asked_otherwise(facts={**decision().facts, "amount": "9234567"}),
        (STALE,),  # type: ignore[dict-item]
    ),
    "asked: another payee": Attack(
        asked_otherwise(facts={**decision().facts, "payee": "小同商行"}),
        (STALE,),  # type: ignore[dict-item]
    ),
    "asked: other words": Attack(asked_otherwise(text="something else"), (STALE,)),
    "asked: another step": Attack(
        asked_otherwise(step=Step(2, 3, "ent.finance.releaser")), (STALE,)
    ),
    "asked: other decisions before": Attack(asked_otherwise(prev="0" * 64), (STALE,)),
    "asked: another revision": Attack(
        asked_otherwise(
            request=RequestReference("T20261122-00000001", 2, sha256_hex(b"revision 1"))
        ),
        (STALE,),
    ),
    "signed: another amount": Attack(
        signed_otherwise(fact("amount", "1")), (SignatureReason.BAD_SIGNATURE,)
    ),
    "signed: another payee": Attack(
        signed_otherwise(fact("payee", "小同商行")), (SignatureReason.BAD_SIGNATURE,)
    ),
    "signed: other words": Attack(
        signed_otherwise(member("text_sha256", "0" * 64)), (SignatureReason.BAD_SIGNATURE,)
    ),
    "signed: another step": Attack(
        signed_otherwise(member("step", {"no": "1", "of": "3", "role": "x"})),
        (SignatureReason.BAD_SIGNATURE,),
    ),
    "signed: other decisions before": Attack(
        signed_otherwise(member("prev", None)), (SignatureReason.BAD_SIGNATURE,)
    ),
    "signed by the authentication key": Attack(
        signed_by_the_authentication_key, (SignatureReason.BAD_SIGNATURE,)
    ),
    "signed by a self-made key": Attack(
        signed_by_a_self_made_key, (SignatureReason.BAD_SIGNATURE,)
    ),
    "suspended between showing and signing": Attack(
        suspended_between, (SigningReason.CERTIFICATE_NOT_ACTIVE,)
    ),
    "suspended and lifted between": Attack(suspended_and_lifted_between, (STALE,)),
    "signed before it was shown": Attack(signed_at(-SECOND), (SignatureReason.WRONG_TIME,)),
    "signed in the future": Attack(signed_at(6 * SECOND), (SignatureReason.WRONG_TIME,)),
    "signed on another day": Attack(signed_at(-DAY), (SignatureReason.WRONG_TIME,)),
    "PIN not given": Attack(pin_not_given, (SigningReason.NOT_UNLOCKED,)),
    "another person's sign request": Attack(
        anothers_sign_request, ("certificates.signing.unknown",)
    ),
    "payee written from right to left": Attack(
        payee_called("大同\u202e行商"), (StatementReason.UNSAFE_CHARACTER,)
    ),
    "payee with an invisible letter": Attack(
        payee_called("大同\u200b商行"), (StatementReason.UNSAFE_CHARACTER,)
    ),
    "payee in look-alike letters": Attack(
        payee_called("P\u0430yPal Ltd"), (StatementReason.MIXED_SCRIPTS,)
    ),
}


def world_now() -> object:
    """Return everything an attacker might gain: certificates as they stand, and signatures."""
    standing = Certificate.objects.order_by("pk").values_list("pk", "state", "suspensions", "der")
    signed = Signature.objects.filter(sign_request__action=decision().action)
    return list(standing), signed.count()


@pytest.mark.django_db
@pytest.mark.req("CERT-2", "CERT-4", "CERT-5", "SIGN-1", "SIGN-2")
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_its_answer_and_gains_nothing(name: str):
    attempt = ATTACKS[name].prepare()
    before = world_now()
    assert answer_to(attempt) in ATTACKS[name].answers
    assert world_now() == before
