"""What the maker of IT security types to change the figures of signing in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext, gettext_lazy as _

from branch_ops.forms.counter import ReasonForm
from branch_ops.render.policy import LABELS, OFFERED, SECOND_WORDS, bounds_text
from identity.errors import FigureReason, FigureRefused
from identity.policies import BOUNDS, PolicyFigures, check_figures, read_words

_bounds = lazy(bounds_text, str)
_HINTS = {
    "alarm_after": _("More than the number that pauses; from 2 to 100."),
    "warning_seconds": _("From 20 to 900, and at most half of the time without activity."),
    "shortest_staff": _("From 6 to 32, and not less than for customers' people."),
}


def _choice(name: str, words: Any) -> forms.ChoiceField:  # noqa: ANN401 - lazily translated words
    return forms.ChoiceField(
        label=LABELS[name], choices=list(words.items()), widget=forms.RadioSelect
    )


class PolicyForm(ReasonForm):
    """Read every figure; what is out of bounds is said beside its field."""

    second_sign_in = _choice("second_sign_in", SECOND_WORDS)
    keypad_offered = _choice("keypad_offered", OFFERED)
    number_offered = _choice("number_offered", OFFERED)
    notice_days = forms.CharField(
        label=LABELS["notice_days"],
        help_text=_("For example 14, 7, 1: at most five numbers from 1 to 60."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    common_words = forms.CharField(
        label=LABELS["common_words"],
        help_text=_(
            "Beside those everybody uses: names of the bank and its products, for example. "
            "One on each line, from 4 to 64 characters; width and case do not matter."
        ),
        max_length=14_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, (least, most) in BOUNDS.items():
            outside = str(FigureRefused(FigureReason.BOUNDS, field=name, least=least, most=most))
            self.fields[name] = forms.IntegerField(
                label=LABELS[name],
                help_text=_HINTS.get(name) or _bounds(name),
                min_value=least,
                max_value=most,
                error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), outside),
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            )

    def clean_notice_days(self) -> tuple[int, ...]:
        """Read the days, the earliest notice first."""
        parts = self.cleaned_data["notice_days"].replace("，", " ").replace(",", " ").split()
        if not all(part.isdecimal() and len(part) <= 3 for part in parts):
            raise forms.ValidationError(gettext("Enter whole numbers with commas between them."))
        return tuple(sorted((int(part) for part in parts), reverse=True))

    def clean_common_words(self) -> tuple[str, ...]:
        """Read the words, each once and as it is compared."""
        return read_words(self.cleaned_data["common_words"])

    def clean(self) -> dict[str, Any]:
        """Insist that the figures go together; what does not is said beside its field."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                check_figures(self.figures())
            except FigureRefused as error:
                self.add_error(error.field, str(error))
        return data

    def figures(self) -> PolicyFigures:
        """Return the figures that were typed."""
        read = self.cleaned_data
        return PolicyFigures(
            **{name: read[name] for name in BOUNDS},
            second_sign_in=read["second_sign_in"],
            keypad_offered=read["keypad_offered"] == "yes",
            number_offered=read["number_offered"] == "yes",
            notice_days=read["notice_days"],
            common_words=read["common_words"],
        )


def typed_figures(content: dict[str, str]) -> dict[str, str]:
    """Return the figures of a request's content as somebody types them."""
    return {
        **content,
        "notice_days": ", ".join(content["notice_days"].split()),
        "common_words": "\n".join(content["common_words"].split()),
    }
