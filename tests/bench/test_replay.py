"""Recorded releases become one script whose values are read row by row."""

from __future__ import annotations

import pytest

from bench.recording import Statement, Value
from bench.replay import ReplayFailed, write_script


def release(reference: str, *, note: str | None = None) -> list[Statement]:
    """Return two statements as a recorded release has them."""
    return [
        Statement(
            "SELECT id FROM orders WHERE reference = $1 AND state = $2 LIMIT $3",
            (Value(reference, ""), Value("PENDING", ""), Value("1", "int8")),
        ),
        Statement(
            'INSERT INTO "approvals_decision" ("note", "signature_id") VALUES ($1, $2)',
            (Value(note, "text"), Value("7", "int8")),
        ),
    ]


def test_what_varies_is_read_from_the_row_of_the_release() -> None:
    script = write_script([[release("T-1"), release("T-2")], [release("T-3"), release("T-4")]])
    assert script.columns == ("v1",)
    assert [row for row in script.rows] == [
        ("0", "1", "T-1"), ("0", "2", "T-2"), ("1", "1", "T-3"), ("1", "2", "T-4")
    ]  # fmt: skip
    assert script.constants == {"c1": "PENDING", "c2": "1"}
    assert "WHERE reference = :v1 AND state = :c1 LIMIT :c2::int8;" in script.text


def test_an_identity_that_the_release_itself_made_is_asked_of_the_database() -> None:
    text = write_script([[release("T-1")]]).text
    assert "VALUES (NULL::text, currval('certificates_signature_id_seq'));" in text
    assert text.index("BEGIN;") < text.index("SELECT id") < text.index("COMMIT;")


def test_releases_that_differ_in_their_statements_are_refused() -> None:
    with pytest.raises(ReplayFailed, match="same statements"):
        write_script([[release("T-1"), release("T-2")[:1]]])


def test_a_value_that_is_missing_in_one_release_is_refused() -> None:
    with pytest.raises(ReplayFailed, match="missing"):
        write_script([[release("T-1", note="x"), release("T-2")]])
