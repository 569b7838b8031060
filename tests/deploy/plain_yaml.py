"""Read the plain part of YAML that deploy/compose.yaml keeps to, strictly.

Block mappings and lists, flow lists and mappings, quoted and plain scalars, anchors, aliases and
merges. Anything else is an error: what this reader understands, every reader of YAML understands
in the same way.
"""

import json
import re
from dataclasses import dataclass, field

COMMENT = re.compile(r"(?:^|\s)#.*$")
KEY = re.compile(r"([A-Za-z][\w.-]*|<<):(?:\s+(.*))?$")
PLAIN = re.compile(r"[^\s,\[\]{}:&*#\"'|>%@`!?][^,\[\]{}\"']*")
ANCHOR = re.compile(r"&(\w+)\s*(.*)$")
NUMBER = re.compile(r"0|[1-9]\d*")


class NotPlain(ValueError):
    """Name the first thing that is not plain YAML."""


@dataclass
class _Reader:
    lines: list[tuple[int, str]]
    anchors: dict[str, object] = field(default_factory=dict)
    place: int = 0

    def block(self, indent: int) -> object:
        """Read the mapping or list that stands at this indentation."""
        if self.place >= len(self.lines) or self.lines[self.place][0] < indent:
            raise NotPlain(f"something is missing after line {self.place}")
        if self.lines[self.place][1].startswith("- "):
            return self._list(self.lines[self.place][0])
        return self._mapping(self.lines[self.place][0])

    def _list(self, indent: int) -> list[object]:
        found = []
        while self._at(indent) and self.lines[self.place][1].startswith("- "):
            found.append(_flow(self.lines[self.place][1][2:]))
            self.place += 1
        return found

    def _mapping(self, indent: int) -> dict[str, object]:
        merged: dict[str, object] = {}
        own: dict[str, object] = {}
        while self._at(indent):
            match = KEY.fullmatch(self.lines[self.place][1])
            if match is None or match[1] in own:
                raise NotPlain(f"not a new key: {self.lines[self.place][1]}")
            self.place += 1
            value = self._value(match[2] or "", indent)
            if match[1] == "<<":
                merged |= _mapping(value)
            else:
                own[match[1]] = value
        return merged | own

    def _value(self, text: str, indent: int) -> object:
        anchor = ANCHOR.fullmatch(text)
        if anchor:
            value = self._value(anchor[2], indent)
            self.anchors[anchor[1]] = value
            return value
        if text.startswith("*"):
            return self.anchors[text[1:]]
        return _flow(text) if text else self.block(indent + 1)

    def _at(self, indent: int) -> bool:
        if self.place >= len(self.lines) or self.lines[self.place][0] < indent:
            return False
        if self.lines[self.place][0] > indent:
            raise NotPlain(f"indented too far: {self.lines[self.place][1]}")
        return True


def read(text: str) -> dict[str, object]:
    """Return a document that is a mapping. Raises NotPlain."""
    if "\t" in text:
        raise NotPlain("a tab")
    lines = [COMMENT.sub("", line).rstrip() for line in text.splitlines()]
    reader = _Reader([(len(line) - len(line.lstrip()), line.lstrip()) for line in lines if line])
    found = _mapping(reader.block(0))
    if reader.place != len(reader.lines):
        raise NotPlain(f"not understood: {reader.lines[reader.place][1]}")
    return found


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise NotPlain(f"not a mapping: {value!r}")
    return value


def _flow(text: str) -> object:
    value, rest = _item(text)
    if rest.strip():
        raise NotPlain(f"left over: {rest}")
    return value


def _item(text: str) -> tuple[object, str]:
    """Return the value that stands first and what follows it."""
    text = text.lstrip()
    if text.startswith('"'):
        value, end = json.JSONDecoder().raw_decode(text)
        return value, text[end:]
    if text.startswith("["):
        return _items(text[1:])
    if text.startswith("{"):
        return _members(text[1:])
    match = PLAIN.match(text)
    if match is None or ": " in match[0]:
        raise NotPlain(f"not a plain value: {text}")
    return _scalar(match[0].strip()), text[match.end() :]


def _items(text: str) -> tuple[list[object], str]:
    found = []
    while not text.lstrip().startswith("]"):
        value, text = _item(text)
        found.append(value)
        text = _after(text, "]")
    return found, text.lstrip()[1:]


def _members(text: str) -> tuple[dict[str, object], str]:
    found: dict[str, object] = {}
    while not text.lstrip().startswith("}"):
        name, colon, text = text.lstrip().partition(":")
        if not colon or not re.fullmatch(r"[\w.-]+", name):
            raise NotPlain(f"not a member: {name}")
        found[name], text = _item(text)
        text = _after(text, "}")
    return found, text.lstrip()[1:]


def _after(text: str, closing: str) -> str:
    text = text.lstrip()
    if text.startswith(","):
        return text[1:]
    if not text.startswith(closing):
        raise NotPlain(f"a comma or {closing} is missing before: {text}")
    return text


def _scalar(text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    if text.lower() in {"yes", "no", "on", "off", "null", "~"}:
        raise NotPlain(f"to be quoted: {text}")
    return int(text) if NUMBER.fullmatch(text) else text
