"""The chat in the real VS Code: asked, answered, stopped, forked, in two windows at once, and over a reload."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Frame, expect

from editors.chat_view import field, new_chat, push_in, say, written
from editors.stage import TOUCH, staged
from editors.terminal import BOUND_S
from editors.vscode import CodeServer, code_server, shared
from editors.window import Window
from served import BROKEN, FIXED, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=1000 * BOUND_S)
LOOK = ("read_file", {"path": "calc.py"})
ANSWER = """It subtracts, though it is called `add`:

```python calc.py
def add(a, b):
    return a + b
```

- the sign is wrong
- the test says so
"""
LONG = "".join(f"Line {number} of a long answer. " for number in range(400))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    async with staged(tmp_path_factory.mktemp("chat"), [fixture("chat-model", 0, text="Hello.")]) as stage, code_server(stage) as code:
        yield code


async def test_a_chat_attaches_asks_answers_and_its_code_is_applied_once_confirmed(code: CodeServer) -> None:
    fixtures = [
        fixture("chat-model", 0, text="I look at it first.", calls=[LOOK, TOUCH]),
        fixture("chat-model", 1, text=ANSWER),
    ]
    async with shared(code, "chat", fixtures) as window:
        await window.open("calc.py")
        chat = await new_chat(window)
        await window.screenshot("empty")

        await field(chat).press_sequentially("/com")
        await expect(chat.get_by_role("option", name="/compact")).to_be_visible()
        await field(chat).press("Escape")
        await field(chat).fill("")
        await field(chat).press_sequentially("What does @test_cal")
        await chat.get_by_role("option", name="test_calc.py", selected=True).wait_for()
        await window.screenshot("completing", themes=("dark",))
        await field(chat).press("Enter")
        await field(chat).press_sequentially("@file")
        await chat.get_by_role("option", name="@file", selected=True).wait_for()
        await field(chat).press("Enter")
        await window.click(chat.get_by_role("button", name="Remove test_calc.py"))
        await field(chat).focus()
        await field(chat).press_sequentially("it do?")
        await field(chat).press("Enter")

        question = chat.locator(".approval")
        await expect(question.get_by_role("button", name="Allow once")).to_be_visible()
        await expect(question).to_contain_text("exec(touch made)")
        await expect(chat.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        await window.command("Coterie: Open the Chat in an Editor")
        await window.page.locator(".tab", has_text="What does it do?").wait_for()
        chat = await window.webview(".approval[data-state=pending]")
        await window.screenshot("asked", themes=("dark",))
        await window.click(chat.locator(".approval").get_by_role("button", name="Allow once").last)

        await window.shows("the test says so")
        assert (window.project / "made").exists()
        [first, second] = await code.stage.host.journal()
        said = str(first.messages[-1]["content"])
        assert "return a - b" in said
        assert "unittest" not in said, "what was taken away again does not go along"
        assert "a - b" in str(second.messages), "the agent has looked at the file"
        await expect(chat.locator(".approval").last).to_contain_text("Allow once")
        await window.click(chat.locator("details.tool summary").first)
        await expect(chat.locator("details.tool pre").nth(1)).to_contain_text("return a - b")
        await window.shows("tokens · $")
        await window.screenshot("answered", themes=("dark", "light", "contrast"))

        suggested = window.page.locator(".tab", has_text="calc.py (suggested)")
        await window.click(chat.get_by_role("button", name="Apply to calc.py").last)
        await suggested.wait_for()
        assert (window.project / "calc.py").read_text() == BROKEN, "it is only shown"
        await window.screenshot("suggested", themes=("dark",))
        await window.command("Coterie: Apply the Suggested Code")
        await window.page.locator(".tab", has_text="calc.py (suggested)").wait_for(state="detached")
        await window.reads(FIXED)


async def test_what_is_attached_while_the_chat_is_hidden_or_by_a_drop_is_there_beside_the_draft(code: CodeServer) -> None:
    async with shared(code, "hidden", [fixture("chat-model", 0, text="Hello.")]) as window:
        await window.open("calc.py")
        chat = await new_chat(window)
        await field(chat).press_sequentially("half a thought")
        await window.command("View: Show Explorer")
        await window.page.locator(".explorer-folders-view").wait_for()

        await window.command("Coterie: Add to Chat")
        chat = await window.webview(".composer textarea")
        await expect(chat.get_by_role("button", name="Remove calc.py")).to_be_visible()
        await expect(field(chat)).to_have_value("half a thought")

        await window.command("Coterie: Open the Chat in an Editor")
        await window.command("View: Show Explorer")
        chat = await window.webview(".composer textarea")
        dropped = chat.get_by_role("button", name="Remove test_calc.py")
        await window.until(lambda: drop(window, chat, "test_calc.py"), dropped, "a file of the Explorer in the chat")

        # What was begun in the side bar goes on in the editor, and each has a new chat of its own.
        await expect(field(chat)).to_have_value("half a thought")
        await window.command("Coterie: New Chat")

        async def are_two() -> bool:
            return sorted(await written(window)) == ["", "half a thought"]

        await window.comes_true(are_two, "a new chat beside the one that is begun")

        # What the editor's menu runs is the server's own action, of which nothing is known here but its id.
        await window.open("calc.py")
        await window.command("Coterie: Write Tests")

        async def asked() -> bool:
            journal = await code.stage.host.journal()
            return any("Write tests for this code" in str(each.messages[-1]["content"]) for each in journal)

        await window.comes_true(asked, "the model to be asked for tests")


async def drop(window: Window, chat: Frame, file: str) -> None:
    """Drag a file from the Explorer onto the chat, with the key that VS Code asks for."""
    mouse, keyboard = window.page.mouse, window.page.keyboard
    row, field_box = await window.row(file).bounding_box(), await field(chat).bounding_box()
    assert row is not None
    assert field_box is not None
    await mouse.move(row["x"] + 40, row["y"] + row["height"] / 2)
    await mouse.down()
    await keyboard.down("Shift")
    try:
        for step in range(1, 4):
            await mouse.move(field_box["x"] + 20 * step, field_box["y"] + 10, steps=5)
    finally:
        await mouse.up()
        await keyboard.up("Shift")


async def test_one_chat_in_two_windows_is_told_once_and_answered_once(code: CodeServer) -> None:
    fixtures = [
        fixture("chat-model", 0, calls=[TOUCH]),
        fixture("chat-model", 1, text="It is made."),
        fixture("chat-model", 2, calls=[TOUCH]),
        fixture("chat-model", 3, text="It is made again."),
    ]
    async with shared(code, "one", fixtures) as one, code.window("two", one.project) as two:
        here = await new_chat(one)
        await say(one, here, "Make it")
        await two.page.locator(".notification-list-item", has_text="touch made").wait_for()
        await two.screenshot("notified", themes=("dark",))
        await two.command("Coterie: Focus on Chats View")
        await two.until(two.row("Make it").click, two.row("Make it").and_(two.page.locator(".selected")), "the chat to be opened")
        there = await two.webview(".approval[data-state=pending]")
        await expect(here.locator(".approval[data-state=pending]")).to_have_count(1)
        await one.click(here.get_by_role("button", name="Allow once"))
        for chat in (here, there):
            await expect(chat.locator(".approval[data-state=resolved]")).to_contain_text("Allow once")
            await expect(chat.locator(".answer", has_text="It is made.")).to_have_count(1)
            await expect(chat.locator(".user")).to_have_count(1)

        # VS Code cannot take the notification back: who presses its button is told.
        allow = two.notification("touch made").get_by_role("button", name="Allow once")
        await two.until(lambda: two.command("Notifications: Show Notifications"), allow, "the question, which is put aside after a while")
        await two.until(allow.click, two.notification("answered already"), "what became of it")
        await expect(there.locator(".trouble")).to_be_hidden()

        await say(two, there, "Again")
        await expect(here.locator(".user", has_text="Again")).to_have_count(1)
        await one.click(here.get_by_role("button", name="Allow once"))
        for chat in (here, there):
            await expect(chat.locator(".answer", has_text="It is made again.")).to_have_count(1)
            await expect(chat.locator(".user")).to_have_count(2)
            await expect(chat.locator(".answer")).to_have_count(2)


async def test_a_run_is_stopped_gone_on_with_and_outlives_a_reload_with_what_was_being_written(code: CodeServer) -> None:
    slow = {**fixture("chat-model", 0, text=LONG), "latency": 500, "chunkSize": 40}  # longer than any window needs to load again
    async with shared(code, "reload", [slow]) as window:
        chat = await new_chat(window)
        await say(window, chat, "Tell me all")
        await window.shows("Line 3 of a long answer")
        await field(chat).fill("and then")
        await kept(window, "and then")
        await window.reload()
        await window.command("Coterie: Focus the Chat")
        chat = await window.webview(".answer")
        await expect(field(chat)).to_have_value("and then")
        await expect(chat.locator(".user")).to_have_count(1)
        await expect(chat.get_by_role("button", name="Stop", exact=True)).to_be_visible()
        before = len(await chat.locator(".answer").inner_text())
        await longer(chat, before)
        stop = chat.get_by_role("button", name="Stop", exact=True)
        await window.until(stop.click, chat.locator(".note", has_text="Go On"), "the run to be stopped")
        await window.screenshot("stopped", themes=("dark",))

        await code.stage.host.answer_with([fixture("chat-model", 0, text="All is told."), fixture("chat-model", 1, text="All is told.")])
        await window.click(chat.locator(".note").get_by_role("button", name="Go On"))
        await expect(chat.locator(".answer", has_text="All is told.")).to_have_count(1)
        await expect(chat.locator(".note")).to_have_count(0)


async def kept(window: Window, text: str) -> None:
    """Wait until VS Code has stored something of the window, which it does a while after it was told."""

    async def ask() -> bool:
        return bool(await window.page.evaluate(STORED, text))

    await window.comes_true(ask, f"{text!r} in the window's storage")


STORED = """async (text) => {
  for (const { name } of await indexedDB.databases()) {
    const found = await new Promise((resolve) => {
      const opening = indexedDB.open(name);
      opening.onerror = () => resolve(false);
      opening.onsuccess = () => {
        const database = opening.result;
        if (!database.objectStoreNames.contains('ItemTable')) { database.close(); resolve(false); return; }
        const reading = database.transaction('ItemTable').objectStore('ItemTable').getAll();
        reading.onerror = () => { database.close(); resolve(false); };
        reading.onsuccess = () => { database.close(); resolve(reading.result.some((value) => String(value).includes(text))); };
      };
    });
    if (found) return true;
  }
  return false;
}"""


async def longer(chat: Frame, length: int) -> None:
    """Wait until the answer is longer than it was."""
    async with asyncio.timeout(BOUND_S):
        while len(await chat.locator(".answer").inner_text()) <= length:
            await chat.evaluate("() => new Promise(requestAnimationFrame)")


async def begin_to_rename(window: Window, title: str) -> None:
    """Go to a chat in the list by the arrows, and have a key ask for its new name."""
    row = window.row(title).and_(window.page.locator(".focused"))

    async def rename() -> None:
        await window.command("Coterie: Focus on Chats View")
        await window.press("Home", "ArrowDown")
        if not await row.is_visible():
            await window.press("ArrowDown")
        await window.press("F2")

    async def is_asked() -> bool:
        return await window.given.is_visible() and await window.given.input_value() == title

    await window.until(rename, is_asked, f"the box for the name of {title!r}")


async def test_chats_are_written_anew_found_renamed_put_away_and_deleted(code: CodeServer) -> None:
    fixtures = [
        fixture("chat-model", 0, userMessage="Why is it wrong", text="The sign is wrong."),
        fixture("chat-model", 0, userMessage="Is it right", text="It is not right."),
        fixture("chat-model", 0, text="Explained."),
    ]
    async with shared(code, "list", fixtures) as window:
        chat = await new_chat(window)
        await say(window, chat, "Why is it wrong?")
        await expect(chat.locator(".answer")).to_contain_text("The sign is wrong.")
        await push_in(window, chat.locator(".user"), "Edit and Send Again")
        await expect(field(chat)).to_have_value("Why is it wrong?")
        await say(window, chat, "Is it right?")
        await expect(chat.locator(".answer", has_text="It is not right.")).to_have_count(1)
        await expect(chat.locator(".answer")).to_have_count(1)
        assert "Why" not in str((await code.stage.host.journal())[-1].messages), "the model reads what was written anew alone"

        await window.command("Coterie: Focus on Chats View")
        await window.row("Why is it wrong? (fork)").wait_for()
        old = chat.locator(".answer", has_text="The sign is wrong.")
        await window.until(window.row("Why is it wrong?, idle").click, old, "the old chat to be opened")

        async def rename() -> None:
            await window.command("Coterie: Focus on Chats View")
            await window.press("F2")

        renaming = window.page.locator(".quick-input-widget", has_text="Rename the Chat")
        await window.until(rename, renaming, "the box for the open chat's name")
        await window.answer("About signs")
        await window.row("About signs").wait_for()

        # An arrow goes to a chat without opening it; a key is for that one, and the other stays open.
        await begin_to_rename(window, "Why is it wrong? (fork)")
        await window.press("Escape")
        await renaming.wait_for(state="hidden")
        await expect(old).to_have_count(1)
        await window.screenshot("list", themes=("dark",))

        await window.command("Coterie: Search Chats…")
        await window.given.fill("not right")
        found = window.page.locator(".quick-input-list").get_by_role("option", name="It is not right.")
        await window.click(found)
        await expect(chat.locator(".answer", has_text="It is not right.")).to_have_count(1)

        await window.command("Coterie: Focus on Chats View")
        await window.push_in(window.row("About signs"), "Archive")
        archived = window.row("About signs, archived")
        # The list draws what is in sight alone, and what is put away comes last.
        await window.until(lambda: window.page.mouse.wheel(0, 60), archived, "the chat that was put away")
        await window.menu(archived, "Delete…")
        await window.push("Delete")
        await window.row("About signs").wait_for(state="detached")

        await window.open("calc.py")
        await window.command("Coterie: Explain")
        await window.shows("Explained.")
        await window.command("Coterie: Inspect the Context")
        await window.page.locator(".tab", has_text="context").wait_for()
        await window.shows("What the model reads")
