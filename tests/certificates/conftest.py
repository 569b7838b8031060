"""A test authority for bytes, and people with certificates for everything else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from certificates import queries
from tests.certificates.outside_stories import confirmed
from tests.factories.authorities import TestAuthority, make_authority, run_openssl
from tests.factories.certificates import Holder, make_holder, make_signer
from tests.factories.outside import OutsideAuthority, accept_authority, make_outside_authority


@pytest.fixture(scope="session")
def authority() -> TestAuthority:
    """Return a root and issuing authority of this run; its keys never change what they show."""
    return make_authority()


@pytest.fixture
def holder(db: None) -> Holder:
    """Return a person with nothing enrolled."""
    return make_holder()


@pytest.fixture
def signer(db: None) -> Holder:
    """Return a person whose certificate is in force."""
    return make_signer()


@pytest.fixture
def listed(tmp_path: Path) -> Callable[[str], str]:
    """Return a function telling what openssl reads about a serial in the newest revocation list."""

    def read(serial_number: str) -> str:
        """Return the reason, 'listed' without one, or '' when the list does not name it."""
        (tmp_path / "now.crl").write_bytes(queries.latest_crl())
        (tmp_path / "chain.pem").write_bytes(queries.authority_chain_pem())
        arguments = ("crl", "-inform", "DER", "-in", "now.crl", "-CAfile", "chain.pem")
        result = run_openssl(tmp_path, *arguments, "-noout", "-text")
        assert result.returncode == 0
        assert "verify OK" in result.stderr + result.stdout
        for entry in result.stdout.split("Serial Number: ")[1:]:
            if int(entry.split()[0], 16) == int(serial_number, 16):
                told = pairwise(entry.splitlines())
                reasons = [after.strip() for line, after in told if "CRL Reason Code" in line]
                return reasons[0] if reasons else "listed"
        return ""

    return read


@pytest.fixture(scope="session")
def outside() -> OutsideAuthority:
    """Return a second authority of this run, none of the bank's."""
    return make_outside_authority()


@pytest.fixture
def accepted(db: None, outside: OutsideAuthority) -> OutsideAuthority:
    """Return an outside authority the bank accepts, with fresh lists."""
    accept_authority(outside)
    return outside


@pytest.fixture
def outside_signer(accepted: OutsideAuthority) -> Holder:
    """Return a person whose outside certificate is in force."""
    return confirmed(accepted)
