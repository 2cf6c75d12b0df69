"""A form, then what it would come to, then doing it: for what belongs to no order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request

from tracker.pages.order_event_words import Line
from tracker.pages.order_frame import Form, placed, typed_in
from tracker.pages.outage_request import Asked
from tracker.problems import Refusal

Typed = dict[str, str]


@dataclass(frozen=True)
class Shown:
    """The form as it is shown, and what it would come to where it was sound."""

    form: Form
    foreseen: Any = None

    @property
    def page(self) -> dict[str, Any]:
        """What every template of a form takes."""
        form = self.form
        return {
            "form": form,
            "typed": form.typed,
            "faults": form.faults,
            "fault_of": dict(reversed(list(form.faults))),
            "foreseen": self.foreseen,
        }


def form_then_preview_then_act(
    names: Sequence[str],
    fields: Mapping[str, Asked],
    *,
    begin: Callable[[], Typed],
    foresee: Callable[[Typed], Any],
    do: Callable[[Typed], tuple[str, str]],
    since: Callable[[], Sequence[Line]],
) -> Any:
    """What to show, or the way on once it was done.

    `begin`: what stands in an empty form; `foresee`: what it would come to, raising Refusal; `do`: does it,
    and says what was done and where to go; `since`: what others changed meanwhile, asked for where the
    refusal is a stale one. Only the last step stores anything.
    """
    if request.method != "POST":
        return Shown(Form(begin()))
    typed, step = typed_in(names), request.form.get("step", "")
    form = Form(typed)
    if step == "edit":
        return Shown(form)
    if step == "do":
        try:
            said, address = do(typed)
        except Refusal as refusal:
            form = _refused(typed, refusal, fields, since)
        else:
            flash(said)
            return redirect(address)
    # Where others were faster, or something is still to be confirmed, what it comes to now is what one
    # has to agree to.
    try:
        return Shown(form, foresee(typed))
    except Refusal as refusal:
        refused = _refused(typed, refusal, fields, since)
        refused.changes, refused.stale = form.changes or refused.changes, form.stale or refused.stale
        return Shown(refused)


def _refused(
    typed: Typed, refusal: Refusal, fields: Mapping[str, Asked], since: Callable[[], Sequence[Line]]
) -> Form:
    """Nothing that was typed is lost."""
    if any(fault.rule.endswith(".stale") for fault in refusal.faults):
        return Form(typed, (), since(), stale=True, status=409)
    return Form(typed, placed(refusal.faults, fields), status=refusal.status)
