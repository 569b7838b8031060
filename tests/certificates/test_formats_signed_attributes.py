"""The 165 bytes a key signs are fixed but for three holes."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from certificates.formats.signed_attributes import (
    LENGTH,
    build_signed_attributes,
    read_signed_attributes,
    read_signing_time,
)

pytestmark = pytest.mark.req("SIGN-2")
DIGEST = bytes(range(32))
CERTIFICATE = bytes(range(32, 64))
TIME = datetime(2026, 11, 22, 13, 55, 33, tzinfo=UTC)


def build(**changes):
    values = {"message_digest": DIGEST, "certificate_sha256": CERTIFICATE, "signing_time": TIME}
    return build_signed_attributes(**(values | changes))


def test_the_bytes_are_exactly_the_documented_set():
    expected = (
        "3181a2"
        "301806092a864886f70d010903310b06092a864886f70d010701"
        "301c06092a864886f70d010905310f170d"
        + b"261122135533Z".hex()
        + "302f06092a864886f70d01090431220420"
        + DIGEST.hex()
        + "3037060b2a864886f70d010910022f31283026302430220420"
        + CERTIFICATE.hex()
    )
    assert build().hex() == expected
    assert len(build()) == LENGTH == 165


def test_a_time_of_another_zone_is_written_in_utc():
    taipei = TIME.astimezone(timezone(timedelta(hours=8)))
    assert build(signing_time=taipei) == build()


@pytest.mark.parametrize(
    "changes",
    [
        {"message_digest": DIGEST[:31]},
        {"certificate_sha256": CERTIFICATE + b"\x00"},
        {"signing_time": TIME.replace(tzinfo=None)},
        {"signing_time": TIME.replace(microsecond=1)},
        {"signing_time": TIME.replace(year=2050)},
        {"signing_time": TIME.replace(year=1949)},
    ],
)
def test_what_does_not_fit_the_holes_is_refused(changes):
    with pytest.raises(ValueError, match=r"digests|signing time"):
        build(**changes)


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
    st.datetimes(datetime(1950, 1, 1), datetime(2049, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_reading_gives_back_what_was_built(digest, certificate, time):
    time = time.replace(microsecond=0)
    built = build_signed_attributes(
        message_digest=digest, certificate_sha256=certificate, signing_time=time
    )
    assert read_signed_attributes(built) == (digest, certificate, time)


@given(st.integers(0, 164), st.integers(1, 255))
def test_a_changed_byte_is_another_value_or_refused(place, change):
    built = bytearray(build())
    built[place] ^= change
    with contextlib.suppress(ValueError):
        assert read_signed_attributes(bytes(built)) != (DIGEST, CERTIFICATE, TIME)


def test_a_form_field_holds_a_time_in_utc_seconds_and_nothing_else():
    assert read_signing_time("2026-11-22T13:55:33Z") == TIME
    for text in ("2026-11-22T13:55:33+08:00", "2026-11-22 13:55:33", "", "now"):
        with pytest.raises(ValueError, match="does not match"):
            read_signing_time(text)
