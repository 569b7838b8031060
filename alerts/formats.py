"""Files the bank hands out: which kind a file is, told by its bytes and not by its name."""

from __future__ import annotations

import io
import zipfile
from enum import StrEnum

_OFFICE = "application/vnd.openxmlformats-officedocument"
_MOST_PARTS = 2000
_MOST_TYPES_OCTETS = 256 * 1024


class MediaType(StrEnum):
    """Name the kinds of file that are handed out; none of them carries a program (KEY-3)."""

    PDF = "application/pdf"
    ODT = "application/vnd.oasis.opendocument.text"
    DOCX = f"{_OFFICE}.wordprocessingml.document"
    XLSX = f"{_OFFICE}.spreadsheetml.sheet"

    @property
    def ending(self) -> str:
        """Return what a file of this kind is called at its end, without the dot."""
        return self.name.lower()


def media_type_of(content: bytes) -> MediaType | None:
    """Return the kind of a file, or None for one that is not handed out.

    A document with macros or scripts is of no kind: its reader's machine would run it.
    """
    if content.startswith(b"%PDF-"):
        scripted = any(mark in content for mark in (b"/JavaScript", b"/JS ", b"/JS(", b"/Launch"))
        return None if scripted else MediaType.PDF
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _packed_type(archive)
    except (zipfile.BadZipFile, KeyError, RuntimeError, NotImplementedError, EOFError):
        return None


def _packed_type(archive: zipfile.ZipFile) -> MediaType | None:
    names = archive.namelist()
    programs = any("vbaproject" in name.lower() or "basic/" in name.lower() for name in names)
    if programs or len(names) > _MOST_PARTS:
        return None
    if "mimetype" in names:
        return MediaType.ODT if _read(archive, "mimetype") == MediaType.ODT.value.encode() else None
    types = _read(archive, "[Content_Types].xml")
    for kind in (MediaType.DOCX, MediaType.XLSX):
        if f'"{kind.value}.main+xml"'.encode() in types:
            return kind
    return None


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_MOST_TYPES_OCTETS)
