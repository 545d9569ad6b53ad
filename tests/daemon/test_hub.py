"""Who is told what, when there are several clients of different kinds and projects."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import pytest

from coterie.app.hub import Hub
from coterie.domain.events import AgentEvent, ApprovalEvent, Event, RunEvent, StepEvent
from coterie.features.listener import Listener
from lsp_client import BOUND_S

BEGUN = StepEvent(step_id="code", agent="coder", state="running", attempt=1)
QUEUED, DONE = RunEvent(state="queued"), RunEvent(state="succeeded")


def question(state: Literal["pending", "resolved"] = "pending") -> Event:
    return ApprovalEvent(approval_id="approval", title="May I?", effects=(), options=(), state=state)


def told(event: Event, folder: str | None = "a", run_id: str = "run") -> AgentEvent:
    return AgentEvent(seq=1, at="", run_id=run_id, folder=folder, event=event)


class Client(Listener):
    """Joins with the folders ``has``; a plain one hears only what concerns them."""

    def __init__(self, hub: Hub, *has: str, plain: bool = True, answers: bool = True) -> None:
        self.heard: list[Event] = []
        self.has = set(has)
        self.can_answer = answers
        hub.join(self, lambda folder: folder is None or folder in self.has, hears_all=not plain)

    def tell(self, event: AgentEvent) -> None:
        """Keep it."""
        self.heard.append(event.event)


@pytest.mark.parametrize("event", [QUEUED, BEGUN, DONE, question()])
def test_a_plain_client_hears_of_its_own_folders_a_rich_one_of_all(event: Any) -> None:
    hub = Hub()
    here, elsewhere, rich, listener = Client(hub, "a"), Client(hub, "b"), Client(hub, "b", plain=False), Listener()
    hub.join(listener)
    hub.tell(told(event))
    assert (here.heard, elsewhere.heard, rich.heard) == ([event], [], [event])
    hub.tell(told(event, folder=None, run_id="other"))
    assert [client.heard[-1:] for client in (here, elsewhere, rich)] == [[event]] * 3, "what has no folder is everybody's"


@pytest.mark.parametrize("attended", [None, "cannot answer", "plain", "rich"])
def test_a_question_goes_to_strangers_only_when_nobody_of_its_folder_can_answer(attended: str | None) -> None:
    hub = Hub()
    stranger = Client(hub, "b")
    if attended is not None:
        Client(hub, "a", plain=attended != "rich", answers=attended != "cannot answer")
    hub.tell(told(question()))
    is_asked = attended in {None, "cannot answer"}
    assert stranger.heard == ([question()] if is_asked else [])
    hub.tell(told(BEGUN))
    hub.tell(told(question("resolved")))
    assert stranger.heard[is_asked:] == [question("resolved")]


def test_who_was_told_of_a_run_is_told_of_its_end_also_without_its_folder() -> None:
    hub = Hub()
    client = Client(hub, "a")
    hub.tell(told(QUEUED))
    client.has.clear()
    hub.tell(told(DONE))
    hub.tell(told(QUEUED))
    assert client.heard == [QUEUED, DONE]


def test_how_things_stand_is_told_to_who_does_not_know_and_questions_to_whom_they_fall() -> None:
    hub = Hub()
    first, knows, stranger, rich = Client(hub, "a", plain=False), Client(hub, "a"), Client(hub, "b"), Client(hub, "a", plain=False)
    hub.tell(told(BEGUN))
    standing = [told(BEGUN), told(question())]
    newcomer = Client(hub, "a")
    hub.catch_up(standing, newcomer)
    assert (newcomer.heard, knows.heard, stranger.heard) == ([BEGUN, question()], [BEGUN, question()], [])
    assert first.heard == rich.heard == [BEGUN]
    for client in (first, knows, newcomer):
        hub.leave(client)
    hub.on_left = lambda: hub.catch_up(standing)
    hub.leave(rich)
    assert stranger.heard == [question()]
    stranger.has.add("a")
    hub.catch_up(standing)
    assert stranger.heard == [question(), BEGUN, question()]


@pytest.mark.parametrize("answers", [True, False])
async def test_a_client_that_could_answer_is_expected_back_for_a_while_and_no_other(*, answers: bool) -> None:
    hub, stayed_away = Hub(return_s=0.01), asyncio.Event()
    hub.on_left = lambda: None if hub.can_answer else stayed_away.set()
    client = Client(hub, "a", answers=answers)
    hub.leave(client)
    assert stayed_away.is_set() is not answers
    await asyncio.wait_for(stayed_away.wait(), BOUND_S)
    assert not hub.can_answer


async def test_only_who_can_answer_comes_instead_of_the_one_who_left() -> None:
    hub = Hub(return_s=3600)
    hub.leave(Client(hub, "a"))
    Client(hub, "a", answers=False)
    assert hub.can_answer, "one who cannot answer does not end the wait"
    back = Client(hub, "a")
    back.can_answer = False  # it says that it shows no prompts
    assert not hub.can_answer
    back.can_answer = True
    hub.leave(back)
    assert hub.can_answer
    hub.expect_nobody()
    assert not hub.can_answer


async def test_nobody_is_expected_back_while_another_one_can_answer_or_where_none_returns() -> None:
    hub = Hub(return_s=3600)
    leaves, stays = Client(hub, "a"), Client(hub, "b")
    hub.leave(leaves)
    stays.can_answer = False
    assert not hub.can_answer
    sole = Hub()
    sole.leave(Client(sole, "a"))
    assert not sole.can_answer
