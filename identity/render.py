"""How a one-time number and a keypad's keys look, and how they are said."""

from __future__ import annotations

import io
import secrets

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageDraw, ImageFont

_TILE, _HEIGHT, _LETTER = 38, 68, 42
_INK, _PAPER, _QUIET = (11, 42, 69), (255, 255, 255), (120, 148, 172)
_MOST_TILT = 16
_STROKES, _DOTS = 7, 260
_dice = secrets.SystemRandom()

DIGIT_WORDS: tuple[Promise, ...] = (
    _("zero"), _("one"), _("two"), _("three"), _("four"),
    _("five"), _("six"), _("seven"), _("eight"), _("nine"),
)  # fmt: skip
SIGN_NAMES: dict[str, Promise] = {
    "!": _("exclamation mark"), '"': _("quotation mark"), "#": _("number sign"),
    "$": _("dollar sign"), "%": _("percent sign"), "&": _("ampersand"), "'": _("apostrophe"),
    "(": _("left parenthesis"), ")": _("right parenthesis"), "*": _("asterisk"),
    "+": _("plus sign"), ",": _("comma"), "-": _("hyphen"), ".": _("full stop"),
    "/": _("slash"), ":": _("colon"), ";": _("semicolon"), "<": _("less-than sign"),
    "=": _("equals sign"), ">": _("greater-than sign"), "?": _("question mark"),
    "@": _("at sign"), "[": _("left bracket"), "\\": _("backslash"), "]": _("right bracket"),
    "^": _("caret"), "_": _("underscore"), "`": _("grave accent"), "{": _("left brace"),
    "|": _("vertical bar"), "}": _("right brace"), "~": _("tilde"),
}  # fmt: skip


def key_name(sign: str) -> str:
    """Return what a key is called when it is read aloud, in the reader's language."""
    if sign in SIGN_NAMES:
        return str(SIGN_NAMES[sign])
    return str(_("capital %(letter)s")) % {"letter": sign} if sign.isupper() else sign


def number_words(digits: str) -> str:
    """Return a number digit by digit in words of the reader's language (KEY-2)."""
    return " ".join(str(DIGIT_WORDS[int(digit)]) for digit in digits)


def number_picture(digits: str) -> bytes:
    """Return a number as a PNG picture: digits tilted and set off, strokes and dots around them.

    Every picture of the same number is another one.
    """
    picture = Image.new("RGB", (_TILE * (len(digits) + 1), _HEIGHT), _PAPER)
    _scratch(picture)
    font = ImageFont.load_default(size=_LETTER)
    for place, digit in enumerate(digits):
        tile = Image.new("L", (_LETTER + 12, _LETTER + 12), 0)
        ImageDraw.Draw(tile).text((14, 2), digit, fill=255, font=font)
        turned = tile.rotate(
            _dice.uniform(-_MOST_TILT, _MOST_TILT), resample=Image.Resampling.BICUBIC
        )
        corner = (_TILE // 4 + place * _TILE + _dice.randint(-3, 3), _dice.randint(2, 12))
        picture.paste(_INK, corner, turned)
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def _scratch(picture: Image.Image) -> None:
    pen = ImageDraw.Draw(picture)
    for _stroke in range(_STROKES):
        ends = [(_dice.randrange(picture.width), _dice.randrange(_HEIGHT)) for _end in range(2)]
        pen.line(ends, fill=_QUIET, width=2)
    for _dot in range(_DOTS):
        pen.point((_dice.randrange(picture.width), _dice.randrange(_HEIGHT)), fill=_QUIET)
