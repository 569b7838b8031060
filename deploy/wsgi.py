"""The application behind the proxy: the reader's address is the one the proxy saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from corpbank.wsgi import application as site

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Take the address from X-Real-IP, which the proxy always writes itself (AUTH-8, AUD-1).

    Without it the request did not come through the proxy, and the peer's own address stays.
    """
    address = environ.get("HTTP_X_REAL_IP", "")
    if address:
        environ["REMOTE_ADDR"] = address
    return site(environ, start_response)
