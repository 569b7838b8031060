"""One test authority for all tests of bytes: its keys never change what they show."""

from __future__ import annotations

import pytest

from tests.factories.authorities import TestAuthority, make_authority


@pytest.fixture(scope="session")
def authority() -> TestAuthority:
    """Return a root and issuing authority of this run."""
    return make_authority()
