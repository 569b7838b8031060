"""Read nginx's configuration into directives, for checks that need no nginx."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*|(?P<word>"[^"]*"|'[^']*'|[^\s{};"'\#][^\s{};]*)|(?P<sign>[{};]))"""
)


class NotNginx(ValueError):
    """Name what is wrong with the configuration."""


@dataclass
class Directive:
    """Carry a directive: its name, its arguments, and what stands in its braces."""

    name: str
    arguments: list[str] = field(default_factory=list)
    block: list["Directive"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["Directive"]:
        """Yield every directive of this name below."""
        for inside in self.block:
            if inside.name == name:
                yield inside
            yield from inside.all(name)

    def own(self, name: str) -> list[list[str]]:
        """Return the arguments of each directive of this name that stands directly in here."""
        return [inside.arguments for inside in self.block if inside.name == name]


def read(text: str) -> Directive:
    """Return the whole file as one directive without a name. Raises NotNginx."""
    stack, words = [Directive("")], list[str]()
    for match in _tokens(text):
        if match["word"]:
            words.append(match["word"].strip("\"'"))
            continue
        if bool(words) == (match["sign"] == "}"):
            raise NotNginx(f"a stray {match['sign']} after {' '.join(words)}")
        if match["sign"] == "}":
            stack.pop()
        else:
            stack[-1].block.append(Directive(words[0], words[1:]))
            words = []
        if match["sign"] == "{":
            stack.append(stack[-1].block[-1])
        if not stack:
            raise NotNginx("more braces are closed than opened")
    if words or len(stack) != 1:
        raise NotNginx(f"not ended: {' '.join(words) or stack[-1].name}")
    return stack[0]


def _tokens(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if match is None:
            raise NotNginx(f"not understood: {text[place : place + 40]!r}")
        place = match.end()
        if match["word"] or match["sign"]:
            yield match
