"""The pages of requests: inbox, decision page, acts, evidence."""

from approvals.views.acts import (
    delete,
    prepare,
    reject,
    release,
    return_,
    review,
    send_code,
    submit,
    withdraw,
)
from approvals.views.pages import confirm, evidence, inbox, request_detail, signature

__all__ = [
    "confirm",
    "delete",
    "evidence",
    "inbox",
    "prepare",
    "reject",
    "release",
    "request_detail",
    "return_",
    "review",
    "send_code",
    "signature",
    "submit",
    "withdraw",
]
