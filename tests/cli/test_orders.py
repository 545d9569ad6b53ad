"""Words of models and hosts that a terminal would take for orders: in an answer, a failure and a question, on a terminal and in a pipe."""

import io
import json

import pytest
from rich.console import Console
from typing_extensions import override

from coterie.base.errors import RequestError
from coterie.cli.demo.screen import Screen
from coterie.cli.terminal import JsonOutput, Output, Streams, output_for
from coterie.cli.wording import Line
from coterie.domain.events import AgentEvent, Event, MessageDelta, MessageEvent, WarningEvent

ORDER = "\x1b[2J\x9b2K\rAllow? \u202e"
SPELLED = r"\u001b[2J\u009b2K\u000dAllow? \u202e"


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def told(event: Event) -> AgentEvent:
    return AgentEvent(seq=1, at="2026-01-31T10:00:00.000Z", run_id="run_1", channel_id="channel_1", event=event)


def stage(made: type[io.StringIO]) -> tuple[Output, io.StringIO, io.StringIO]:
    out, err = made(), made()
    return output_for(Streams(stdin=io.StringIO(), stdout=out, stderr=err, environ={}), machine=False), out, err


@pytest.mark.parametrize("made", [Terminal, io.StringIO])
def test_no_answer_gives_orders(made: type[io.StringIO]) -> None:
    output, out, _ = stage(made)
    output.event(told(MessageDelta(message_id="m1", offset=0, text=ORDER)))
    output.event(told(MessageEvent(message_id="m1", role="assistant", text=ORDER)))
    assert out.getvalue() == f"{SPELLED}\n"


@pytest.mark.parametrize("made", [Terminal, io.StringIO])
def test_nothing_else_does(made: type[io.StringIO]) -> None:
    output, out, err = stage(made)
    output.event(told(WarningEvent(code="transient", text=ORDER)))
    output.error(RequestError(ORDER))
    output.progress(None, ORDER, None)
    output.result(None, (Line(ORDER),))
    assert (err.getvalue().count(SPELLED), out.getvalue().count(SPELLED)) == (3, 1)
    assert not set(ORDER) & {"\u202e", "\x9b"} & set(out.getvalue() + err.getvalue())
    assert "\x1b[2J" not in out.getvalue() + err.getvalue()


def test_json_means_the_same_and_gives_none_either() -> None:
    out = Terminal()
    JsonOutput(out).result({ORDER: f"{ORDER}\x7f é"})
    assert json.loads(out.getvalue()) == {ORDER: f"{ORDER}\x7f é"}
    assert not set("\x1b\x7f\x9b\u202e") & set(out.getvalue())


def test_nor_does_anything_in_a_demo_with_a_model_of_ones_own() -> None:
    console = Console(file=Terminal(), width=200, color_system=None)
    with Screen(console) as screen, console.capture() as shown:
        screen.lines([Line(f"  {ORDER}")])
        screen.said("chat", ORDER)
        screen.diff(f"+{ORDER}")
    assert shown.get().count(SPELLED) == 3
