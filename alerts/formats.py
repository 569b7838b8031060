"""Files the bank hands out: which kind a file is, told by its bytes and not by its name."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

_OFFICE = "application/vnd.openxmlformats-officedocument"
_MOST_PARTS = 2000
_MOST_TYPES_OCTETS = 256 * 1024
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, KeyError, RuntimeError, NotImplementedError,
    EOFError, ValueError, OSError,
)  # fmt: skip


class MediaType(StrEnum):
    """Name the kinds of file that are handed out (KEY-3)."""

    PDF = "application/pdf"
    ODT = "application/vnd.oasis.opendocument.text"
    DOCX = f"{_OFFICE}.wordprocessingml.document"
    XLSX = f"{_OFFICE}.spreadsheetml.sheet"

    @property
    def ending(self) -> str:
        """Return what a file of this kind is called at its end, without the dot."""
        return self.name.lower()


# Names of a PDF that make its reader do something, or that bring files or packed objects in which
# such names cannot be seen (ISO 32000-2). A name ends where another token begins, or a space.
_ACTIVE_NAMES = re.compile(
    rb"/(?:JS|JavaScript|OpenAction|AA|Launch|EmbeddedFiles?|XFA|ObjStm)"
    rb"(?=[\0\t\n\f\r ()<>\[\]{}/%]|\Z)"
)
_ESCAPED_OCTET = re.compile(rb"#([0-9A-Fa-f]{2})")

_PICTURE = r"[^/]+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)"
_SHARED = (
    r"\[content_types\]\.xml|_rels/\.rels|docprops/(?:app|core|custom)\.xml|docprops/" + _PICTURE
    + r"|customxml/(?:_rels/)?[^/]+\.xml(?:\.rels)?"
)  # fmt: skip
# What may lie in a package, in lower case; everything else is refused, whatever it is.
_PARTS: Final[Mapping[MediaType, re.Pattern[str]]] = {
    MediaType.DOCX: re.compile(
        _SHARED + r"|word/(?:glossary/)?[a-z]+[0-9]*\.xml|word/(?:[a-z]+/)?_rels/[^/]+\.xml\.rels"
        r"|word/(?:theme|charts|diagrams)/[a-z]+[0-9]*\.xml|word/fonts/[^/]+\.odttf"
        r"|word/media/" + _PICTURE
    ),
    MediaType.XLSX: re.compile(
        _SHARED + r"|xl/(?:workbook|styles|sharedstrings|calcchain|metadata|comments[0-9]+)\.xml"
        r"|xl/(?:[a-z]+/)?_rels/[^/]+\.xml\.rels|xl/drawings/[a-z]+[0-9]+\.(?:xml|vml)"
        r"|xl/(?:worksheets|theme|charts|tables|persons|comments|threadedcomments)/[a-z]+[0-9]*\.xml"
        r"|xl/printersettings/printersettings[0-9]+\.bin|xl/media/" + _PICTURE
    ),
    MediaType.ODT: re.compile(
        r"mimetype|(?:content|styles|meta|settings)\.xml|manifest\.rdf|meta-inf/manifest\.xml"
        r"|layout-cache|thumbnails/" + _PICTURE + r"|pictures/" + _PICTURE
        + r"|fonts/[^/]+\.[ot]tf"
    ),
}  # fmt: skip
# A part may have any name: what it is, its package says in its types and relationships.
_ACTIVE_PARTS = (
    b"macro", b"vbaproject", b"oleobject", b"activex", b"externallink", b"attachedtemplate",
    b"relationships/package", b"relationships/control", b"relationships/frame",
    b"relationships/afchunk",
)  # fmt: skip


def media_type_of(content: bytes) -> MediaType | None:
    """Return the kind of a file, or None for one that is not handed out.

    A PDF that names scripts, actions of its own, other files, or objects packed out of sight is of
    no kind, and neither is an office document with any part but text, sheets, charts, fonts and
    pictures: no macros, embedded objects, controls, links to other files or templates. The text
    itself is not judged: links and fields in it are the reader's program's to ask about.
    """
    if content.startswith(b"%PDF-"):
        return None if _ACTIVE_NAMES.search(_unescaped(content)) else MediaType.PDF
    if not content.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _packed_type(archive)
    except _UNREADABLE:
        return None


def _unescaped(content: bytes) -> bytes:
    """Return a PDF with the octets that a name may write as #xx."""
    return _ESCAPED_OCTET.sub(lambda found: bytes([int(found[1], 16)]), content)


def _packed_type(archive: zipfile.ZipFile) -> MediaType | None:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    # Of two parts of one name, or of one packed in a rare way, readers see different things.
    plain = all(part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts)
    if len(parts) > _MOST_PARTS or len(names) != len(parts) or not plain:
        return None
    kind = _named_type(archive)
    if kind is None or not all(_belongs(part, kind) for part in parts):
        return None
    says = [
        part.filename for part in parts if part.filename.lower().endswith((".rels", "types].xml"))
    ]
    return None if any(_is_active(_read(archive, name)) for name in says) else kind


def _named_type(archive: zipfile.ZipFile) -> MediaType | None:
    """Return the kind that a package says it is."""
    if "mimetype" in archive.namelist():
        return MediaType.ODT if _read(archive, "mimetype") == MediaType.ODT.value.encode() else None
    types = _read(archive, "[Content_Types].xml")
    kinds = (MediaType.DOCX, MediaType.XLSX)
    return next((kind for kind in kinds if f'"{kind.value}.main+xml"'.encode() in types), None)


def _belongs(part: zipfile.ZipInfo, kind: MediaType) -> bool:
    """Tell whether a package of this kind may hold this part; empty folders are nothing."""
    name = part.filename.lower()
    if part.file_size == 0 and name.startswith("configurations2/"):
        return kind is MediaType.ODT
    return _PARTS[kind].fullmatch(name) is not None


def _is_active(said: bytes) -> bool:
    """Tell whether types or relationships name an active part, or may hide that they do."""
    hidden = len(said) >= _MOST_TYPES_OCTETS or not said.isascii() or b"\0" in said or b"&#" in said
    return hidden or b"<!" in said or any(mark in said.lower() for mark in _ACTIVE_PARTS)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_MOST_TYPES_OCTETS)
