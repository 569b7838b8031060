"""A tiny DER writer and reader (X.690) for the few structures that are built by hand."""

from __future__ import annotations


def element(tag: int, *parts: bytes) -> bytes:
    """Return one DER element.

    `tag` is the whole identifier octet (low tag numbers only); `parts` are joined as its content.
    """
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of the given elements in the given order."""
    return element(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return a SET OF the given elements in DER order (X.690 11.6)."""
    return element(0x31, *sorted(parts))


def read(data: bytes, offset: int = 0) -> tuple[int, int, int]:
    """Return (tag, start of content, end of content) of the element at `offset`.

    Only for bytes that a strict parser has already accepted; ValueError when cut short.
    """
    if offset + 2 > len(data):
        raise ValueError("DER element is cut short")
    tag, size, start = data[offset], data[offset + 1], offset + 2
    if size & 0x80:
        count = size & 0x7F
        size = int.from_bytes(data[start : start + count], "big")
        start += count
    if start + size > len(data):
        raise ValueError("DER element is cut short")
    return tag, start, start + size


def children(data: bytes) -> list[bytes]:
    """Return the elements inside the constructed element that `data` is."""
    _, offset, end = read(data)
    found = []
    while offset < end:
        _, _, following = read(data, offset)
        found.append(data[offset:following])
        offset = following
    return found


def issuer_and_serial(certificate: bytes) -> bytes:
    """Return the IssuerAndSerialNumber that names a certificate, given its DER (RFC 5652 10.2.4).

    Taken from the certificate as it stands: another authority may spell names its own way.
    """
    to_be_signed = children(children(certificate)[0])
    serial, _, issuer = to_be_signed[1:4] if to_be_signed[0][0] == 0xA0 else to_be_signed[0:3]
    return sequence(issuer, serial)
