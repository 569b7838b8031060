"""What everyone may fetch of the authority: lists, answers, certificates."""

from __future__ import annotations

import base64

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from certificates import operations, queries
from certificates.formats.evidence import fixed_files
from identity.permissions import public
from kernel import clock

# How long others may keep a revocation list: short, so that a suspension reaches them soon.
CRL_SECONDS = 60


@public
@require_GET
def crl(request: HttpRequest) -> HttpResponse:
    """Give everyone the newest revocation list of the authority in force (CERT-8)."""
    return _list(queries.latest_crl())


@public
@require_GET
def authority_crl(request: HttpRequest, authority: str) -> HttpResponse:
    """Give everyone the newest revocation list of an authority, as its certificates name it."""
    return _list(queries.latest_crl(authority))


@public
@csrf_exempt
@require_POST
def ocsp(request: HttpRequest) -> HttpResponse:
    """Answer a question about certificates' states (RFC 6960 A.1, CERT-8)."""
    is_question = request.content_type == "application/ocsp-request"
    return _answer(request.body if is_question else b"")


@public
@require_GET
def ocsp_by_address(request: HttpRequest, question: str) -> HttpResponse:
    """Answer a question that stands in the address, in base64 (RFC 6960 A.1)."""
    try:
        der = base64.b64decode(question, validate=True)
    except ValueError:
        der = b""
    return _answer(der)


@public
@require_GET
def root(request: HttpRequest) -> HttpResponse:
    """Give everyone the root's certificate."""
    return _certificate(queries.root_pem(), "root.pem")


@public
@require_GET
def issuing(request: HttpRequest) -> HttpResponse:
    """Give everyone the issuing authority's certificate."""
    return _certificate(queries.issuing_pem(), "issuing.pem")


@public
@require_GET
def verifier(request: HttpRequest) -> HttpResponse:
    """Give everyone the script that verifies evidence: the same as in every bundle (SIGN-4)."""
    answer = HttpResponse(fixed_files()["VERIFY.sh"], content_type="text/x-shellscript")
    answer["Content-Disposition"] = 'attachment; filename="VERIFY.sh"'
    return answer


def _list(der: bytes) -> HttpResponse:
    answer = HttpResponse(der, content_type="application/pkix-crl")
    answer["Cache-Control"] = f"public, max-age={CRL_SECONDS}"
    return answer


def _answer(question: bytes) -> HttpResponse:
    der = operations.answer(question=question, now=clock.now())
    answer = HttpResponse(der, content_type="application/ocsp-response")
    # A suspension is told at once: nobody in between may keep what was so before.
    answer["Cache-Control"] = "no-store"
    return answer


def _certificate(pem: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(pem, content_type="application/x-pem-file")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
