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
from approvals.views.helping import help_credentials, help_edit, help_unlock, people_help
from approvals.views.pages import confirm, evidence, inbox, request_detail, signature

__all__ = [
    "confirm",
    "delete",
    "evidence",
    "help_credentials",
    "help_edit",
    "help_unlock",
    "inbox",
    "people_help",
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
