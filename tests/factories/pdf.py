"""Read PDF files as their reader would: by a program that is not the one that made them."""

from __future__ import annotations

import re
import subprocess

# How a letter reads without white space: the words before each value stand on every letter.
LETTER = re.compile(r"Letternumber(?P<number>[0-9A-Z]{8})密碼Secret(?P<secret>[0-9A-Z]{17})")


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF file, line by line as it stands on the page."""
    answer = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return answer.stdout.decode()


def squeezed(pdf: bytes) -> str:
    """Return the text of a PDF file without any white space, for words set apart or wrapped."""
    return "".join(text_of(pdf).split())


def facts_of(pdf: bytes) -> dict[str, str]:
    """Return what pdfinfo says of a PDF file, such as `Pages`."""
    answer = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True)
    lines = answer.stdout.decode().splitlines()
    return {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }


def letter_in(pdf: bytes) -> tuple[str, str]:
    """Return number and secret of a sealed letter, as its addressee reads them."""
    found = LETTER.search(squeezed(pdf))
    assert found is not None, "this is no letter"
    return found["number"], found["secret"]
