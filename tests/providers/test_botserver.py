"""BotServer: tasks that are followed to their end, queries to one agent, and what becomes of both when the farm misbehaves."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from botserver_peer import ACCEPTED, ANSWER, CLASSIFICATION, RESULT, STAGES, TASK, Peer, botserver, closing, frame, told
from coterie.base.errors import FailureKind, ProviderError
from coterie.domain.messages import AssistantMessage, Finished, ModelRequest, Produced, Reused, StreamEvent, ThoughtDelta, UserMessage
from coterie.domain.model_ports import Provider
from coterie.providers.botserver.feed import feed
from coterie.providers.botserver.routing import QUERY_AGENTS, route
from coterie.providers.botserver.work import Work
from coterie.providers.config import ApiKey, Timeouts
from coterie.providers.failures import Host
from coterie.providers.registry import ProviderRegistry
from coterie.providers.resilience.cache import CacheLimits, ResponseCache
from coterie.providers.resilience.guard import Guard
from coterie.providers.resilience.policy import RetryPolicy, is_spared_elsewhere
from coterie.providers.transport import HttpCall
from provider_calls import REQUEST, gather, host, provider_of, words
from raw_http_server import CUT, Reply, Step, json_reply

TASK_REQUEST = replace(REQUEST, model="auto", messages=(UserMessage(text="Build a shop"),))
HTML = Reply(steps=(b"<!DOCTYPE html><p>Sign in</p>",), content_type="text/html")
GARBAGE = Reply(steps=(b'{"success": tr',), content_type="application/json")
BROKEN = Reply(steps=(b'{"success"', CUT), content_type="application/json")
FEED_PATH = f"/ws/task-progress/{TASK}"


async def heard(provider: Provider, request: ModelRequest = TASK_REQUEST) -> tuple[list[StreamEvent], ProviderError | None]:
    """Return what came of an attempt, and its failure."""
    events: list[StreamEvent] = []
    try:
        async with aclosing(provider.stream(request)) as stream:  # type: ignore[type-var]
            async for event in stream:
                events.append(event)  # noqa: PERF401 - what came before a failure counts
    except ProviderError as failure:
        return events, failure
    return events, None


def lines(events: list[StreamEvent]) -> list[str]:
    """Return what was shown of the stages."""
    return "".join(event.text for event in events if isinstance(event, ThoughtDelta)).splitlines()


def artifacts(events: list[StreamEvent]) -> list[Any]:
    """Return what is kept of the task."""
    return [event.value for event in events if isinstance(event, Produced)]


def check_given_up(peer: Peer, failure: ProviderError | None) -> ProviderError:
    """Assert that a failure is never repeated and that another model goes on."""
    assert failure is not None
    assert len(peer.asked("execute")) <= 1
    assert RetryPolicy().delay(failure, 1, 0.0) is None
    assert is_spared_elsewhere(failure)
    assert "canary" not in failure.message
    return failure


@pytest.mark.proves("botserver", "streaming")
async def test_a_task_is_classified_executed_and_followed_to_its_end() -> None:
    async with botserver() as peer, provider_of(host("botserver", peer.url)) as provider:
        events = await gather(provider, TASK_REQUEST)
        assert peer.paths == ["/api/autotask/classify", "/api/autotask/execute", FEED_PATH]
        assert peer.asked("classify") == [{"text": "Build a shop"}]
        assert peer.asked("execute") == [CLASSIFICATION]
        assert {request.headers["authorization"] for request in peer.requests} == {"Bearer canary-key-1234"}
    assert lines(events) == [
        "classify: APP_CREATE",
        "classify: done",
        *(f"{stage}: running" for stage in STAGES[1:]),
        "The shop is up.",
    ]
    [kept] = artifacts(events)
    assert kept == {
        "task_id": TASK,
        "status": "completed",
        "intent_type": "APP_CREATE",
        "stages_completed": ["classify"],
        "message": "The shop is up.",
        "app_url": "https://shop.example",
        "created_resources": [{"type": "table", "name": "orders"}, {"name": "page home"}],
    }
    assert words(events) == "The shop is up.\n\nIt is at https://shop.example\n\nCreated:\n- table orders\n- page home"
    assert events[-1] == Finished("stop")


async def test_a_farm_without_a_key_gets_no_such_header() -> None:
    async with botserver() as peer, provider_of(host("botserver", f"{peer.url}/", api_key=None)) as provider:
        assert words(await gather(provider, TASK_REQUEST))
        assert not any("authorization" in request.headers for request in peer.requests)
        assert len(peer.paths) == 3, "and the end of the address does not matter"


async def test_the_farm_hears_what_was_said_last_without_the_surroundings() -> None:
    said = (
        UserMessage(text="<folder>calc.py</folder>\n\nOne", preface=len("<folder>calc.py</folder>\n\n")),
        AssistantMessage(text="Done."),
        UserMessage(text="<folder>calc.py</folder>\n\nTwo", preface=len("<folder>calc.py</folder>\n\n")),
        UserMessage(text="And three."),
    )
    async with botserver() as peer, provider_of(host("botserver", peer.url)) as provider:
        await gather(provider, replace(TASK_REQUEST, messages=said))
        assert peer.asked("classify") == [{"text": "Two\n\nAnd three."}]


async def test_a_task_that_was_done_at_once_has_no_feed() -> None:
    done = json_reply({**ACCEPTED, **RESULT, "stages_completed": ["classify", "planning", *STAGES[2:]]})
    async with botserver(execute=done) as peer, provider_of(host("botserver", peer.url)) as provider:
        events = await gather(provider, TASK_REQUEST)
        assert FEED_PATH not in peer.paths
    assert artifacts(events)[0]["stages_completed"] == list(STAGES)
    assert "https://shop.example" in words(events)


@pytest.mark.parametrize(
    "steps",
    [
        (told(status="success"),),
        (told(event_type="task_completed", message="x", current_step="Deploying"),),
        (told(stage="finished"),),
        (told(success=True),),
        (told(type="progress", stages_completed=list(STAGES)),),
        tuple(told(stage=stage, status="completed") for stage in STAGES),
        (told(stage="build", status="failed"), told(stage="build", status="done"), closing()),
        (told(stage="build"), closing()),
        (told(stage="document", status="running"), closing()),
        (told(stage="build", status="running", app_url="https://shop.example"), closing()),
        (closing(),),
        (frame(b"", code=0x8),),
    ],
    ids=[
        *("status", "event", "stage", "success", "list", "each stage", "a stage mended", "no status", "the last stage", "a result"),
        *("closed", "closed without a code"),
    ],
)
async def test_the_ends_of_a_task(steps: tuple[Step, ...]) -> None:
    ended = steps[-1:] in {(closing(),), (frame(b"", code=0x8),)}
    feed = steps if ended else (*steps, asyncio.Event())
    async with botserver(feed=feed) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        assert failure is None
        assert [kept["status"] for kept in artifacts(events)] == ["completed"]
        assert words(events)


async def test_what_was_made_may_be_told_behind_the_last_stage() -> None:
    at_once = told(stages_completed=list(STAGES)) + told(**RESULT)
    async with botserver(feed=(at_once, asyncio.Event())) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
    assert failure is None
    [kept] = artifacts(events)
    assert (kept["app_url"], kept["message"]) == (RESULT["app_url"], RESULT["message"])
    assert "https://shop.example" in words(events)


@pytest.mark.parametrize(
    ("execute", "steps", "says"),
    [
        ({"success": False, "message": "No room left."}, (), "No room left."),
        ({"success": False, "task_id": 7, "error": "No room left."}, (), "task 7"),
        (ACCEPTED, (told(status="failed", message="It does not compile."),), "It does not compile."),
        (ACCEPTED, (told(event="error", stage="build", error="It does not compile."),), "It does not compile."),
        (ACCEPTED, (told(stage="error"),), TASK),
        (ACCEPTED, (told(stage="build", status="failed"), closing()), TASK),
    ],
)
async def test_a_task_that_fails_says_so_in_its_own_words(execute: dict[str, Any], steps: tuple[Step, ...], says: str) -> None:
    async with botserver(execute=json_reply(execute), feed=steps) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        told_of = check_given_up(peer, failure)
    assert says in told_of.message
    assert told_of.code == "task_failed"
    assert [kept["status"] for kept in artifacts(events)] == ["failed"]


@pytest.mark.parametrize(
    ("broken", "kind", "says"),
    [
        ((CUT,), "transient", "failed"),
        ((), "transient", "failed"),
        ((closing(1001),), "transient", "failed"),
        ((closing(1011),), "transient", "failed"),
        ((frame(b"{oops"),), "transient", "cannot be read"),
        ((frame(b"[1]"),), "transient", "cannot be read"),
        ((frame(b"\xff\xfe"),), "transient", "failed"),
        ((frame(b"\x00" * 60_000),), "transient", "cannot be read"),
        (HTML, "transient", "web page"),
        (json_reply({"error": "no such task"}, status=404), "transient", "no such task"),
        (json_reply({}, status=401), "auth_required", "WORK_KEY"),
        (json_reply({}, status=503), "transient", "HTTP 503"),
    ],
)
async def test_a_task_whose_feed_breaks_is_never_begun_again(broken: tuple[Step, ...] | Reply, kind: FailureKind, says: str) -> None:
    steps = broken if isinstance(broken, Reply) else (told(stage="plan", status="done"), told(stage="build"), *broken)
    async with botserver(feed=steps) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        lost = check_given_up(peer, failure)
    assert (lost.kind, says in lost.message) == (kind, True), lost.message
    assert f"in the middle of task {TASK}" in lost.message
    [kept] = artifacts(events)
    assert (kept["status"], kept["task_id"]) == ("lost", TASK)
    if not isinstance(broken, Reply):
        assert "behind classify, plan" in lost.message
        assert lines(events)[-2:] == ["plan: done", "build"], "what was seen was told"


async def test_a_feed_that_closes_in_order_amid_a_stage_is_cut_too() -> None:
    steps: tuple[Step, ...] = (told(stage="plan", status="done"), told(stage="build", status="running"), closing())
    async with botserver(feed=steps) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        assert f"in the middle of task {TASK}" in check_given_up(peer, failure).message
    assert [kept["status"] for kept in artifacts(events)] == ["lost"]


@pytest.mark.parametrize("done", range(1, len(STAGES)))
async def test_a_cut_at_each_stage_leaves_what_was_done(done: int) -> None:
    steps: tuple[Step, ...] = (*(told(stage=stage, status="completed") for stage in STAGES[1:done]), told(stage=STAGES[done]), CUT)
    async with botserver(feed=steps) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        lost = check_given_up(peer, failure)
    [kept] = artifacts(events)
    assert (kept["status"], kept["stages_completed"]) == ("lost", list(STAGES[:done]))
    assert f"behind {', '.join(STAGES[:done])}." in lost.message
    assert lines(events)[-1] == STAGES[done]


async def test_a_feed_that_falls_silent_is_left() -> None:
    never = asyncio.Event()
    impatient = host("botserver", "", timeouts=Timeouts(idle_s=0.01))
    async with botserver(feed=(never,)) as peer, provider_of(replace(impatient, base_url=peer.url)) as provider:
        _, failure = await heard(provider)
        assert "nothing more for 0.01 s" in check_given_up(peer, failure).message
        await asyncio.wait_for((await peer.watched()).wait(), 60)


async def test_a_feed_that_has_ended_and_is_not_hung_up_on_has_ended() -> None:
    impatient = host("botserver", "", timeouts=Timeouts(idle_s=0.01))
    async with botserver(feed=(closing(), asyncio.Event())) as peer, provider_of(replace(impatient, base_url=peer.url)) as provider:
        events, failure = await heard(provider)
        assert (words(events), failure) == ("Working on it.", None)


async def test_a_feed_that_is_never_opened_is_left() -> None:
    never = asyncio.Event()
    async with botserver(feed=Reply(steps=(never,), bare=True)) as peer:
        call = HttpCall(
            host=Host(provider="work", model="auto", address=peer.url),
            url=f"{peer.url}{FEED_PATH}",
            headers={},
            timeouts=Timeouts(first_token_s=0.01),
        )
        with pytest.raises(ProviderError, match=r"sent nothing within 0\.01 s"):
            async with feed(call):
                pass


async def test_who_stops_following_hangs_up_at_once() -> None:
    never = asyncio.Event()
    async with botserver(feed=(told(stage="plan"), never)) as peer, provider_of(host("botserver", peer.url)) as provider:
        async with aclosing(provider.stream(TASK_REQUEST)) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, ThoughtDelta) and event.text.startswith("plan"):
                    break
        await asyncio.wait_for((await peer.watched()).wait(), 60)


@pytest.mark.parametrize(
    ("answer", "kind", "repeatable"),
    [
        (HTML, "transient", True),
        (GARBAGE, "transient", True),
        (BROKEN, "transient", True),
        (json_reply({"intent_type": ["APP_CREATE"]}), "transient", True),
        (json_reply({"error": {"message": "busy"}}, status=503), "transient", True),
        (json_reply({}, status=401), "auth_required", True),
        (json_reply({}, status=429, headers={"retry-after": "1"}), "rate_limited", True),
        (json_reply({}, status=404), "transient", False),
    ],
)
async def test_a_task_that_cannot_be_classified_is_not_executed(answer: Reply, kind: FailureKind, repeatable: bool) -> None:  # noqa: FBT001
    async with botserver(classify=answer) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
        assert peer.paths == ["/api/autotask/classify"]
    assert failure is not None
    assert (failure.kind, failure.repeatable, is_spared_elsewhere(failure)) == (kind, repeatable, True)
    assert events == []


@pytest.mark.parametrize(
    ("answer", "repeatable"),
    [
        (json_reply({}, status=503), True),
        (json_reply({}, status=500), True),
        (json_reply({}, status=429), True),
        (json_reply({}, status=502), False),
        (json_reply({}, status=504), False),
        (HTML, False),
        (GARBAGE, False),
        (BROKEN, False),
        (json_reply({"success": "yes"}), False),
        (json_reply({"success": True, "task_id": None}), False),
    ],
)
@pytest.mark.proves("botserver", "failures")
async def test_what_may_have_been_accepted_is_not_executed_again(answer: Reply, repeatable: bool) -> None:  # noqa: FBT001
    async with botserver(execute=answer) as peer, provider_of(host("botserver", peer.url)) as provider:
        _, failure = await heard(provider)
        assert peer.paths[-1] == "/api/autotask/execute"
    assert failure is not None
    assert (failure.repeatable, is_spared_elsewhere(failure)) == (repeatable, True), failure.message


@pytest.mark.parametrize(
    ("model", "agent"), [*((agent, agent) for agent in QUERY_AGENTS.values()), ("run_tests", "test"), ("schema", "database")]
)
async def test_a_query_goes_to_one_agent(model: str, agent: str) -> None:
    async with botserver() as peer, provider_of(host("botserver", peer.url)) as provider:
        events = await gather(provider, replace(TASK_REQUEST, model=model))
        assert peer.paths == [f"/api/botcoder/{agent}/query"]
        assert peer.asked("query") == [{"query": "Build a shop"}]
    assert words(events) == "All is well."
    assert artifacts(events) == [{"agent": agent, **ANSWER}]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"output": "no such table", "exit_code": 3}, "no such table\n\nIt ended with exit code 3."),
        ({"output": {"rows": 2}, "exit_code": None, "metadata": []}, '{\n  "rows": 2\n}'),
        ({"output": "", "exit_code": 0}, "The test agent has nothing to say."),
        ({"output": "half \ud83d", "exit_code": 0}, "half \ud83d"),
    ],
)
async def test_the_answers_to_queries(answer: dict[str, Any], says: str) -> None:
    async with botserver(query=json_reply(answer)) as peer, provider_of(host("botserver", peer.url)) as provider:
        events = await gather(provider, replace(TASK_REQUEST, model="test"))
    assert words(events) == says
    assert artifacts(events)[0]["output"].isascii(), "what is kept can be read anywhere"


@pytest.mark.parametrize("answer", [HTML, GARBAGE, BROKEN, json_reply({"exit_code": 0}), json_reply({"output": "x", "exit_code": "0"})])
async def test_a_query_that_fails_is_not_repeated(answer: Reply) -> None:
    async with botserver(query=answer) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider, replace(TASK_REQUEST, model="terminal"))
        check_given_up(peer, failure)
    assert events == []


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *(("refactor", 5), ("syntax", 5), ("editor", 5), ("refactorCode", 5)),
        *(("query", 6), ("schema", 6), ("database", 6), ("queries", 6)),
        *(("commit", 7), ("branch", 7), ("merge", 7), ("git", 7), ("git_commit", 7)),
        *(("tests", 8), ("test", 8), ("coverage", 8), ("run-tests", 8), ("RunTests", 8)),
        *(("browser", 9), ("shell", 10), ("docker", 10), ("terminal", 10)),
        *(("docs", 11), ("scans", 12), ("scan", 12), ("security", 12), ("security/scan", 12)),
        *(("auto", 2), ("builder", 2), ("planner", 2), ("deployer", 2), ("", 2), ("latest", 2), ("anything else", 2)),
    ],
)
def test_the_agent_for_a_tool(name: str, number: int) -> None:
    assert route(name) == number


@pytest.mark.parametrize(
    ("message", "line", "outcome"),
    [
        ({"stage": "plan", "message": "Two tables", "progress": 20}, "plan: Two tables (20 %)", None),
        ({"current_step": "Planning", "status": "running", "progress": 0.2}, "plan: running (20%)", None),
        ({"stage": {"name": "optimize"}}, "optimise", None),
        ({"stage": "knitting", "status": "completed"}, "knitting: completed", None),
        ({"stage": 3, "status": 7, "message": None, "progress": "half", "stages_completed": 4}, "", None),
        ({"progress": float("nan"), "message": "Still here"}, "Still here", None),
        ({}, "", None),
        ({"status": "DONE", "result": {"app_url": "https://x.example"}}, "DONE", "completed"),
        ({"type": "error", "stage": "build", "message": "Broken"}, "build: Broken", "failed"),
    ],
)
def test_the_messages_of_a_feed(message: dict[str, Any], line: str, outcome: str | None) -> None:
    work = Work(task_id=TASK)
    assert (work.told(message), work.outcome) == (line, outcome)
    assert work.app_url == ("https://x.example" if "result" in message else "")


@pytest.mark.parametrize("answer", [json_reply({}), Reply(steps=(b"OK",), content_type="text/plain"), json_reply({}, status=404)])
async def test_any_answer_shows_that_the_farm_is_there(answer: Reply) -> None:
    async with botserver(health=answer) as peer, provider_of(host("botserver", peer.url)) as provider:
        assert (await provider.check()).state == "ready"
        assert provider.is_connected


@pytest.mark.parametrize(("status", "state"), [(503, "down"), (401, "auth_required"), (403, "auth_required")])
async def test_a_farm_that_is_ill_or_closed(status: int, state: str) -> None:
    async with botserver(health=json_reply({}, status=status)) as peer, provider_of(host("botserver", peer.url)) as provider:
        assert (await provider.check()).state == state


@pytest.mark.proves("botserver", "models")
async def test_the_farm_is_not_asked_for_its_models() -> None:
    async with botserver() as peer, provider_of(host("botserver", peer.url)) as provider:
        views = await provider.installed_models()
        assert [view.id for view in views] == ["work/auto", *(f"work/{agent}" for agent in QUERY_AGENTS.values())]
        assert not any(view.capabilities.tools for view in views)
        assert not peer.server.exchanges


async def test_equal_tasks_are_tasks_of_their_own(tmp_path: Path) -> None:
    kept = ResponseCache(tmp_path, limits=lambda: CacheLimits(enabled=True), scope=lambda: "")
    async with botserver() as peer:
        registry = ProviderRegistry([host("botserver", peer.url)], guard=Guard(cache=kept))
        try:
            exact = replace(TASK_REQUEST, temperature=0)
            both = await asyncio.gather(*(gather(registry.get("work"), exact) for _ in range(2)))
            both.append(await gather(registry.get("work"), exact))
        finally:
            await registry.aclose()
        assert len(peer.asked("execute")) == 3, "neither shared nor answered from a cache"
        assert not any(isinstance(event, Reused) for events in both for event in events)


async def test_the_key_is_quoted_nowhere() -> None:
    steps = (told(stage="plan", message="using canary-key-1234"), told(status="failed", message="bad key canary-key-1234"))
    async with botserver(feed=steps) as peer, provider_of(host("botserver", peer.url)) as provider:
        events, failure = await heard(provider)
    assert failure is not None
    assert "canary" not in failure.message
    assert not any("canary" in line for line in lines(events))


async def test_what_is_made_does_not_hold_the_key_either() -> None:
    key = ApiKey("canary-key-12345678", "environment variable WORK_KEY")
    said = json_reply({"output": "bearer canary-key-12345678", "exit_code": 0, "metadata": {"env": ["canary-key-12345678", 3]}})
    done = (told(status="completed", message="up at canary-key-12345678", created_resources=["page canary-key-12345678"]),)
    async with botserver(query=said, feed=done) as peer, provider_of(host("botserver", peer.url, api_key=key)) as provider:
        queried, _ = await heard(provider, replace(TASK_REQUEST, model="test"))
        worked, _ = await heard(provider)
    assert words(queried) == "bearer …"
    assert artifacts(queried)[0]["metadata"] == {"env": ["…", 3]}
    assert "page …" in words(worked)
    assert "canary" not in str([*queried, *worked])
