"""What stories of evidence share."""

from __future__ import annotations

import pytest

from tests.factories.evidence import Bundle, make_bundle


@pytest.fixture(scope="module")
def kept() -> dict[str, Bundle]:
    """Hold the bundle once it was made: every test changes a copy of its own."""
    return {}


@pytest.fixture
def bundle(kept: dict[str, Bundle], request: pytest.FixtureRequest) -> Bundle:
    """Return the evidence of a transfer that went through three reviews, a return and a release."""
    if "made" not in kept:
        kept["made"] = make_bundle(request.getfixturevalue("world"))
    return kept["made"].copy()
