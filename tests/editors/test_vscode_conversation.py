"""A conversation in the real VS Code: steered, stopped, a team's, long, forked, tried again, and by keys alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Frame, expect

from editors.chat_view import choose_who, field, new_chat, push_in, say
from editors.keyboard import tab_to
from editors.runs_view import make_room, run_row, unfold
from editors.stage import BIN, EDIT, TOUCH, Stage, staged
from editors.terminal import BOUND_S
from editors.vscode import CodeServer, code_server, shared
from editors.window import Window
from served import AGENTS, FIXED, SUITE, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=1000 * BOUND_S)
WAIT = """
import pathlib, time
until = time.monotonic() + 120
while not pathlib.Path("go").exists() and time.monotonic() < until:
    time.sleep(0.05)
print("waited for the word")
"""
WAITING = ("execute_command", {"command": "python3 wait.py"})
MODELS = "\n".join(f'[agents.{agent}]\nmodel = "work/{agent}-model"' for agent in AGENTS)
MORE = f"""
[permissions]
allow = ["exec({SUITE})", "exec(python3 wait.py)"]

[tests]
command = "{SUITE}"

{MODELS}
"""
PLAN = {
    "goal": "add adds",
    "criteria": ["add(1, 2) is 3"],
    "files": ["calc.py"],
    "steps": [{"id": "s1", "title": "Correct the sign", "files": ["calc.py"]}],
    "risks": [],
}
TEAM = [
    fixture("planner-model", 0, calls=[("submit", PLAN)]),
    fixture("coder-model", 0, calls=[("edit_file", EDIT)]),
    fixture("coder-model", 1, calls=[("submit", {"summary": "The sign was wrong.", "steps_done": ["s1"]})]),
    fixture("reviewer-model", 0, calls=[("submit", {"verdict": "approve", "findings": []})]),
    fixture("tester-model", 0, calls=[("run_tests", {})]),
    fixture("tester-model", 1, calls=[("submit", {"summary": "All is green."})]),
    fixture("documenter-model", 0, calls=[("submit", {"summary": "There is nothing to say."})]),
]
EXCHANGES = 23
"""So many that a page of history holds not all of them."""
CODE = "It adds:\n\n```python\ndef twice(n):\n    return 2 * n\n```\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    fixtures = [fixture("chat-model", 0, text="Hello.")]
    async with staged(tmp_path_factory.mktemp("talk"), fixtures, more=MORE) as stage, code_server(stage) as code:
        yield code


async def test_a_run_is_told_more_while_it_works_stopped_at_once_and_a_team_goes_on_when_its_plan_is_approved_in_the_chat(
    code: CodeServer,
) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[WAITING]),
        fixture("chat-model", 1, text="In French, then."),
        fixture("chat-model", 2, calls=[WAITING]),
        *TEAM,
    ]
    async with shared(code, "steer", fixtures) as window:
        (window.project / "wait.py").write_text(WAIT, encoding="utf-8")
        chat = await new_chat(window)
        await say(window, chat, "Say it in German")
        await chat.locator("details.tool[data-state=running]").wait_for()
        await expect(chat.get_by_role("button", name="Say It to the Run")).to_be_visible()
        await say(window, chat, "No, in French")
        (window.project / "go").touch()
        await expect(chat.locator(".answer", has_text="In French, then.")).to_have_count(1)
        assert "No, in French" in str((await code.stage.host.journal())[-1].messages), "the running agent is told"
        await expect(chat.locator(".user")).to_have_count(2)

        (window.project / "go").unlink()
        await say(window, chat, "Wait again")
        await chat.locator("details.tool[data-state=running]").wait_for()
        stop = chat.get_by_role("button", name="Stop", exact=True)
        note = chat.locator(".note")
        await window.until(stop.dblclick, note, "the run to be stopped")
        await expect(note).to_have_text(re.compile("Go On$"))
        assert not (window.project / "go").exists(), "nobody waited for the command's end"

        chat = await new_chat(window)
        await choose_who(window, chat, "team")
        await say(window, chat, "Make add add")
        question = chat.locator(".approval[data-state=pending]")
        await expect(question).to_contain_text("add adds")
        await window.screenshot("plan", themes=("dark", "light"))
        chat = await change_plan(window)
        question = chat.locator(".approval[data-state=pending]")
        approve = question.get_by_role("button", name="Approve", exact=True)
        await window.click(approve)
        await expect(chat.locator(".approval[data-state=resolved]").first).to_contain_text("Approve")
        await expect(chat.get_by_role("button", name=re.compile(r"^calc\.py: 1 lines added"))).to_have_count(1)
        await window.saved(window.project / "calc.py", FIXED)
        [coder, *_] = [request for request in await code.stage.host.journal() if request.model == "coder-model"]
        assert "Thank the reader" in str(coder.messages), "the plan is approved as the chat has shown it"


async def change_plan(window: Window) -> Frame:
    """Add an item to the plan that waits, in the view of the runs, and return the page of the chat that asks for it."""
    await window.command("Coterie: Open the Chat in an Editor")
    await window.command("Coterie: Focus on Runs View")
    await make_room(window)
    await unfold(window, "Make add add")
    plan = run_row(window, "add adds, approve it or change it")
    await plan.wait_for()
    await window.push_in(plan, "Add an Item…")
    await window.answer("Thank the reader")
    return await window.webview('.approval[data-state=pending]:has-text("Thank the reader")')


async def test_a_long_chat_is_read_upwards_forked_at_a_message_and_an_answer_tried_again(code: CodeServer) -> None:
    await code.stage.host.answer_with([fixture("chat-model", turn, text=f"Answer {turn}.") for turn in range(EXCHANGES)])
    project = await code.stage.another("long")
    await talk(code.stage, project, [f"Question {number}?" for number in range(EXCHANGES)])
    async with code.window("long", project) as window:
        await window.command("Coterie: Focus on Chats View")
        row = window.row("New chat")
        await window.until(row.click, row.and_(window.page.locator(".selected")), "the chat to be opened")
        chat = await window.webview(".answer")
        await expect(chat.locator(".answer", has_text=f"Answer {EXCHANGES - 1}.")).to_have_count(1)
        first = chat.locator(".user", has_text="Question 0?")
        await expect(first).to_have_count(0)
        await window.until(chat.get_by_role("button", name="Show Earlier Messages").click, first, "the earliest message")
        await expect(chat.locator(".user")).to_have_count(EXCHANGES)
        await expect(chat.get_by_role("button", name="Show Earlier Messages")).to_be_hidden()

        await push_in(window, chat.locator(".answer", has_text="Answer 1."), "Go On from Here in a New Chat")
        await expect(chat.locator(".answer")).to_have_count(2)
        await expect(chat.locator(".user")).to_have_text(["Question 0?", "Question 1?"])
        await expect(field(chat)).to_be_focused()

        await code.stage.host.answer_with([fixture("chat-model", 1, text="Another answer.")])
        await push_in(window, chat.locator(".answer", has_text="Answer 1."), "Answer Again")
        await expect(chat.locator(".answer", has_text="Another answer.")).to_have_count(1)
        await expect(chat.locator(".user")).to_have_text(["Question 0?", "Question 1?"])
        await expect(chat.locator(".answer", has_text="Answer 1.")).to_have_count(0)
        await expect(window.page.get_by_role("treeitem", name=re.compile(r"^New chat \(fork"))).to_have_count(2)


SENTENCE = "A sentence that is read while more of them come. "
STREAMED = {**fixture("chat-model", 0, text=f"First part here. {SENTENCE * 2500}"), "latency": 50, "chunkSize": 16}
"""It takes minutes; the story stops it."""
SELECT = """(prose) => {
  const [text] = prose.querySelector('p').childNodes;
  getSelection().setBaseAndExtent(text, 0, text, 'First part here.'.length);
}"""
PASTE = """(field, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text/plain', text);
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""


async def test_while_an_answer_streams_one_selects_in_it_reads_further_up_and_writes(code: CodeServer) -> None:
    # An answer that was stopped may count as a turn or not.
    asked = {"match": {"model": "chat-model", "userMessage": "What is it?"}, "response": {"content": "Lines of a log."}}
    fixtures = [asked, STREAMED]
    async with shared(code, "streamed", fixtures) as window:
        chat = await new_chat(window)
        await say(window, chat, "Tell me")
        prose, transcript = chat.locator(".answer[data-partial] > .prose"), chat.locator(".transcript")

        async def more() -> None:
            """Wait until the answer is some lines longer."""
            length = len(await prose.inner_text()) + 4 * len(SENTENCE)
            await expect(prose).to_have_text(re.compile(rf"^.{{{length},}}"))

        await expect(prose).to_contain_text("First part here.")
        await prose.evaluate(SELECT)
        await more()
        assert await chat.evaluate("getSelection().toString()") == "First part here.", "what is selected stays"

        async def is_higher() -> bool:
            return bool(await transcript.evaluate("(element) => element.scrollHeight > element.clientHeight + 100"))

        await window.comes_true(is_higher, "more than fits on the page")
        latest = chat.get_by_role("button", name="To the Latest Message")
        await transcript.hover()
        await window.until(lambda: window.page.mouse.wheel(0, -3), latest, "a small step up to leave the end")
        top = await transcript.evaluate("(element) => element.scrollTop")
        await more()
        assert await transcript.evaluate("(element) => element.scrollTop") == top, "nobody is taken down"

        await field(chat).press("ArrowUp")
        await expect(field(chat)).to_have_value("Tell me")
        await field(chat).press("ArrowDown")
        await expect(field(chat)).to_have_value("")
        log = "".join(f"{number} lines of a log\n" for number in range(300))
        await field(chat).evaluate(PASTE, log)
        await expect(chat.get_by_role("list", name="Attached").get_by_role("listitem")).to_have_text("Pasted, 300 lines")
        await window.screenshot("pasted", themes=("dark", "light"))

        note = chat.locator(".note", has_text="Go On")
        await expect(chat.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        await window.until(lambda: field(chat).press("Control+Escape"), note, "the run to be stopped by its key")
        await say(window, chat, "What is it?")
        await expect(chat.locator(".answer", has_text="Lines of a log.")).to_have_count(1)
        assert "299 lines of a log" in str((await code.stage.host.journal())[-1].messages), "what was pasted goes along"


async def talk(stage: Stage, project: Path, lines: list[str]) -> None:
    """Have a chat on the command line, line by line."""
    process = await asyncio.create_subprocess_exec(
        str(BIN / "coterie"),
        "chat",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=stage.environment,
        cwd=project,
    )
    said, _ = await asyncio.wait_for(process.communicate("\n".join(lines).encode()), 1.5 * BOUND_S)
    assert process.returncode == 0, said.decode()


NAMELESS = re.compile(r"^\s*- (button|link|combobox|textbox|listbox|option|article|region|log)( \[[^\]]*\])*:?$", re.MULTILINE)
"""A line of an accessibility tree for something that has to have a name and has none."""


async def test_all_of_a_chat_can_be_done_by_keys_and_is_told_to_a_screen_reader(code: CodeServer) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text=CODE)]
    async with shared(code, "keys", fixtures) as window:
        await window.open("calc.py")
        chat = await new_chat(window)
        await expect(field(chat)).to_be_focused()
        await named(chat)
        await attach_by_keys(window, chat)
        await window.type("Make it")
        await window.press("Enter")

        asked = chat.get_by_role("region", name=re.compile("^Asks you: "))
        await expect(asked).to_be_visible()
        await expect(chat.get_by_role("status")).to_have_text("Coterie waits for your answer.")
        await expect(field(chat)).to_be_focused()
        await expect(chat.locator(".user .attached")).to_have_text("calc.py")
        await expect(asked.locator(".rules")).to_contain_text(re.compile(r"allow always \(kept in your settings\).*exec\(touch made\)"))
        await named(chat)
        await window.screenshot("asked", themes=("dark", "light"))
        await tab_to(window, asked.get_by_role("button", name="Allow always"), "Shift+Tab")
        await window.press("Enter")
        await expect(chat.get_by_role("region", name="Run touch made: Allow always")).to_be_focused()

        await expect(chat.get_by_role("status")).to_have_text("The answer is complete.")
        settings = code.stage.home / "coterie" / "config.toml"
        assert '"exec(touch made)"' in settings.read_text(encoding="utf-8"), "the rule that was shown is kept"
        await expect(chat.locator(".code .hljs-keyword").first).to_be_visible()
        await expect(chat.locator(".answer")).to_match_aria_snapshot(SAID)
        await named(chat)
        await window.screenshot("spoken", themes=("dark", "light", "contrast"))
        await read_by_keys(window, chat)
        await use_code_by_keys(window, chat)

        await window.command("Coterie: Focus the Chat")
        await expect(field(chat)).to_be_focused()
        await tab_to(window, chat.locator(".user").get_by_role("button", name="Edit and Send Again"), "Shift+Tab")
        await window.press("Enter")
        await expect(field(chat)).to_have_value("Make it")
        await window.press("Escape")
        await expect(field(chat)).to_have_value("")


async def attach_by_keys(window: Window, chat: Frame) -> None:
    """Attach the open file with nothing but keys, the first list of completions put away."""
    await window.type("@")
    options = chat.get_by_role("listbox", name="Completions").get_by_role("option")
    await expect(options.nth(1)).to_be_visible()
    await window.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert await field(chat).get_attribute("aria-activedescendant") == await options.nth(1).get_attribute("id")
    await named(chat)
    await window.press("Escape")
    await expect(options).to_have_count(0)
    await expect(field(chat)).to_have_value("@")
    await window.type("file")
    await expect(options.first).to_have_text(re.compile("^@file"))
    await window.press("Enter")
    await expect(chat.get_by_role("list", name="Attached").get_by_role("listitem")).to_have_count(1)


async def read_by_keys(window: Window, chat: Frame) -> None:
    """Go from row to row."""
    await window.press("End")
    await expect(chat.locator(".answer")).to_be_focused()
    await window.press("Home")
    await expect(chat.locator(".user")).to_be_focused()
    await window.press("ArrowDown", "End")
    await expect(chat.locator(".answer")).to_be_focused()


async def use_code_by_keys(window: Window, chat: Frame) -> None:
    """Copy the code of an answer into what is being written, and insert it at the cursor of the editor."""
    code = chat.locator(".code")
    await tab_to(window, code.get_by_role("button", name="Copy the Code"), "Tab")
    await window.press("Enter")
    await tab_to(window, field(chat), "Tab")
    await window.until(lambda: window.press("Control+a", "Control+v"), pasted(chat), "what was copied")
    await window.press("Control+a", "Delete")
    await tab_to(window, code.get_by_role("button", name="Insert at the Cursor"), "Shift+Tab")
    await window.press("Enter")

    async def is_inserted() -> bool:
        return (await window.document() or "").startswith("def twice(n):\n    return 2 * n")

    await window.comes_true(is_inserted, "the code at the cursor")


def pasted(chat: Frame) -> Callable[[], Awaitable[bool]]:
    """Return whether the code is where one writes."""

    async def is_pasted() -> bool:
        return await field(chat).input_value() == "def twice(n):\n    return 2 * n\n"

    return is_pasted


SAID = """
- article "Coterie answers":
  - paragraph: "It adds:"
  - button "Copy the Code"
  - button "Insert at the Cursor"
  - button "Apply to the Active File"
  - code: "def twice(n): return 2 * n"
"""


async def named(chat: Frame) -> None:
    """See that everything that can be used has a name."""
    tree = await chat.locator("body").aria_snapshot()
    assert not NAMELESS.findall(tree), tree
