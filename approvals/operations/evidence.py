"""Pack the evidence of one request: signatures, what was frozen, what the log tells (SIGN-4)."""

from __future__ import annotations

from datetime import datetime

from approvals.errors import RequestNotFound, SignatureNotFound
from approvals.models import Decision, Request
from audit.queries import audit_slice
from certificates import operations as certificates
from kernel import clock
from kernel.canonical import canonical_bytes

# More people than this never decide on one request.
MOST_SIGNATURES = 100


def evidence(*, reference: str, now: datetime) -> dict[str, bytes]:
    """Return the evidence of a request as files by name, sealed by the bank (SIGN-4).

    A door without a transaction of its own: time stamps still awaited are asked for first, perhaps
    over the network. Whether the reader may see the request is for the caller to have checked.
    Raises RequestNotFound, and SignatureNotFound where nobody has decided anything yet.
    """
    request = Request.objects.filter(reference=reference).first()
    if request is None:
        raise RequestNotFound()
    if not Decision.objects.filter(revision__request=request).exists():
        raise SignatureNotFound()
    certificates.stamp(now=now, request_key=reference, limit=MOST_SIGNATURES)
    about = {"made_at": clock.isoformat(now), "reference": reference, "state": str(request.state)}
    files = {
        "request.json": canonical_bytes(about),
        "audit.jsonl": audit_slice(f"request:{reference}"),
    }
    for revision in request.revisions.select_related("policy").order_by("number"):
        files[f"revision-{revision.number:03d}.json"] = canonical_bytes(revision.content)
        files[f"policy-{revision.number:03d}.json"] = canonical_bytes(revision.policy.content)
    return certificates.seal_evidence(request_key=reference, files=files, now=now)
