"""An answer for always is a rule in the person's own file, and it is offered only where that rule would have answered the question."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from model_host import Asked, answer, model_host
from raw_http_server import Reply
from served import Served, served, settings

MINE = """\
# how I like it
[permissions] # of agents
# what never needs me
allow = [
  "exec(ls *)", # looking
]
"""
KEY = f"sk-ant-api03-{'A' * 86}-AAAAAAAA"


def commanding(asked: Asked) -> Reply:
    """Play a model that runs what it is told to, twice where it is told so, and ends its turn when it has heard."""
    if sum(len(message.answers) for message in asked.messages) >= (2 if "Twice" in asked.prompt else 1):
        return answer("openai_compatible", "That is all.")
    command = asked.prompt.rpartition("Run: ")[2].strip()
    return answer("openai_compatible", "", ("execute_command", {"command": command}), number=asked.number)


@asynccontextmanager
async def home(tmp_path: Path, text: str | None = MINE, **permissions: Any) -> AsyncIterator[tuple[Served, Path]]:
    """Serve a project from a home with a file of settings."""
    file = tmp_path / "home" / "config.toml"
    if text is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    async with model_host("openai_compatible", commanding) as host:
        options = {**settings(host.url, "openai_compatible"), "permissions": permissions}
        async with served(tmp_path, options) as editor:
            yield editor, file


async def asked_for(editor: Served, number: int, command: str) -> tuple[str, Mapping[str, Any]]:
    """Have a command run that is asked for; return its run and the question."""
    run_id = await editor.start(f"Run: {command}")
    return run_id, await editor.asked(number)


async def check_not_asked(editor: Served, command: str, state: str = "succeeded") -> None:
    run_id, end = await editor.play(f"Run: {command}")
    assert end["state"] == "succeeded"
    assert editor.events(run_id, "approval") == []
    assert editor.events(run_id, "tool_call")[-1]["state"] == state


def kinds(question: Mapping[str, Any]) -> list[str]:
    return [option["kind"] for option in question["options"]]


def option_of(question: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    return next(option for option in question["options"] if option["kind"] == kind)


async def answered(editor: Served, run_id: str, question: Mapping[str, Any], kind: str, **params: Any) -> None:
    """Answer a question, and wait for the end of its run."""
    await editor.answer(question, kind, **params)
    assert (await editor.ended(run_id))["state"] == "succeeded"


async def test_allowed_always_is_never_asked_again_by_this_server_or_the_next(tmp_path: Path) -> None:
    async with home(tmp_path) as (editor, file):
        run_id = await editor.start("Twice, please. Run: touch made")
        question = await editor.asked()
        assert kinds(question) == ["allow_once", "allow_run", "allow_session", "allow_always", "reject_once", "reject_always"]
        always = option_of(question, "allow_always")
        assert (always["rule"], always["label"]) == ("exec(touch made)", "Allow always: exec(touch made)")
        assert always["admits"] == (
            "Holds in every project and for every agent; also within a longer command line, whatever is piped into it; on what each "
            "project has under the names in it, trusted or not; for a touch from any folder, or python -m touch."
        )
        await answered(editor, run_id, question, "allow_always")
        assert editor.text("made") == ""
        states = [call["state"] for call in editor.events(run_id, "tool_call")]
        assert states == ["pending", "running", "succeeded"] * 2, "the rule holds in the run that goes on"
        assert [event["state"] for event in editor.events(run_id, "approval")] == ["pending", "resolved"]
        assert editor.events(run_id, "approval")[-1]["decision"]["kind"] == "allow_always"
        written = file.read_text(encoding="utf-8")
        assert written.splitlines() == [*MINE.splitlines()[:-1], '  "exec(touch made)",', "]"]
        await check_not_asked(editor, "touch made")
        run_id, question = await asked_for(editor, 2, "touch other")
        await answered(editor, run_id, question, "reject_once")
        assert editor.text("other") is None
    async with home(tmp_path, None) as (editor, file):
        await check_not_asked(editor, "touch made")
        revoked = await editor.client.request("agent/settings/set", {"key": "permissions.allow", "value": ["exec(ls *)"]})
        assert revoked["changed"]
        run_id, question = await asked_for(editor, 1, "touch made")
        await answered(editor, run_id, question, "allow_once", scope="user")
        assert file.read_text(encoding="utf-8") == written


async def test_rejected_always_is_never_done_and_never_asked_for_again(tmp_path: Path) -> None:
    async with home(tmp_path) as (editor, file):
        run_id, question = await asked_for(editor, 1, "touch made")
        assert option_of(question, "reject_always")["label"] == "Reject always: exec(touch made)"
        await answered(editor, run_id, question, "reject_always")
        assert file.read_text(encoding="utf-8").splitlines() == [*MINE.splitlines(), 'deny = ["exec(touch made)"]']
        await check_not_asked(editor, "touch made", "denied")
        assert editor.text("made") is None


async def test_a_file_that_cannot_be_written_after_all_is_said_and_stays_as_it_is(tmp_path: Path) -> None:
    async with home(tmp_path) as (editor, file):
        for number, (kind, state, begins) in enumerate(
            (("allow_always", "succeeded", "This was allowed once, but"), ("reject_always", "denied", "It is rejected in this run, but")),
            start=1,
        ):
            file.write_text(MINE, encoding="utf-8")
            run_id, question = await asked_for(editor, number, f"touch made{number}")
            file.write_text(f"{MINE}[half", encoding="utf-8")
            await answered(editor, run_id, question, kind)
            assert editor.events(run_id, "tool_call")[-1]["state"] == state
            [told] = [warning for warning in editor.events(run_id, "warning") if warning["code"] == "rule_not_kept"]
            assert told["text"].startswith(f"{begins} exec(touch made{number}) could not be added to your settings")
            assert "no valid TOML" in told["text"]
            assert file.read_text(encoding="utf-8") == f"{MINE}[half"
        assert (editor.text("made1"), editor.text("made2")) == ("", None)


async def test_always_is_not_offered_where_it_would_not_hold(tmp_path: Path) -> None:
    lasting = ["allow_run", "allow_session"]
    cases = (
        ("chmod +x made", [*lasting, "reject_always"]),  # a rule asks
        ("touch \u200bmade", lasting),  # nobody could read it in the file
        ("touch 'x\n  (n) Allow once'", lasting),  # it would look like an answer
        (f"touch {KEY}", lasting),  # no request writes a key into a file
        ("touch a; touch b", [*lasting, "allow_always"]),  # which of them is never wanted?
        ("touch readonly", lasting),
    )
    async with home(tmp_path, ask=["exec(chmod *)"]) as (editor, file):
        for number, (command, offered) in enumerate(cases, start=1):
            if command == "touch readonly":
                file.chmod(0o444)
            run_id, question = await asked_for(editor, number, command)
            assert [kind for kind in kinds(question) if kind not in {"allow_once", "reject_once"}] == offered, command
            assert "\u200b" not in str(question)
            assert not any("\n" in f"{option['label']}{option.get('rule')}" for option in question["options"])
            if number == 2:
                assert question["effects"][0]["target"] == "touch '\\u200bmade'"
            if number == 3:
                assert question["effects"][0]["target"] == command, "what is to happen can be read as it is"
            await answered(editor, run_id, question, "reject_once")
        assert file.read_text(encoding="utf-8") == MINE


async def test_what_is_said_while_a_question_waits_counts_for_its_answer(tmp_path: Path) -> None:
    async with home(tmp_path) as (editor, file):
        run_id, question = await asked_for(editor, 1, "chmod +x calc.py")
        await editor.client.request("agent/settings/set", {"key": "permissions.ask", "value": ["exec(chmod *)"]})
        written = file.read_text(encoding="utf-8")
        await answered(editor, run_id, question, "allow_always")
        assert editor.events(run_id, "tool_call")[-1]["state"] == "succeeded"
        [told] = [warning for warning in editor.events(run_id, "warning") if warning["code"] == "rule_not_kept"]
        assert told["text"].startswith("This was allowed once, but exec(chmod +x calc.py) could not be added to your settings")
        assert file.read_text(encoding="utf-8") == written
        run_id, question = await asked_for(editor, 2, "touch made")
        await editor.client.request("agent/settings/set", {"key": "permissions.deny", "value": ["exec(touch *)"]})
        await answered(editor, run_id, question, "allow_once")
        assert editor.events(run_id, "tool_call")[-1]["state"] == "denied"
        assert editor.events(run_id, "tool_call")[-1]["output"].startswith("Denied: denied by exec(touch *) in user settings")
        assert editor.text("made") is None
