"""``coterie config show|check``: the settings that hold in a folder, each with where it comes from, and what is wrong in them."""

from __future__ import annotations

import json

from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Output
from coterie.cli.wiring import Setting, Wiring
from coterie.cli.wording import Line


def look(arguments: Arguments, wiring: Wiring, output: Output) -> int:
    """Show or check; a check's status is 1 when something is wrong."""
    found = wiring.surroundings(arguments.folder.absolute())
    wrong = tuple(Line(problem, "warn") for problem in found.problems)
    notes = tuple(Line(note, "dim") for note in found.notes)
    if arguments.action == "check":
        told = {"problems": list(found.problems), "notes": list(found.notes)}
        output.result(told, (*(wrong or (Line("no unknown or wrong key", "good"),)), *notes))
        return exits.FAILED if wrong else exits.OK
    settings = sorted(found.settings, key=lambda setting: setting.key)
    values = {setting.key: {"value": setting.value, "origin": setting.origin} for setting in settings}
    for line in (*wrong, *notes):
        output.line(line)
    output.result({"settings": values}, tuple(Line(_text(setting, origin=arguments.origin)) for setting in settings))
    return exits.OK


def _text(setting: Setting, *, origin: bool) -> str:
    text = f"{setting.key} = {json.dumps(setting.value, ensure_ascii=False)}"
    return f"{text}  # {setting.origin}" if origin else text
