"""Around the views in the real VS Code: the menu of the status bar, installations, keys, trust, commit messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from editors.ollama import ollama
from editors.runs_view import run_agent
from editors.settings_view import section
from editors.stage import TOUCH, holding, staged
from editors.terminal import BOUND_S, output
from editors.vscode import SIZE, CodeServer, code_server, shared
from editors.window import Window
from raw_http_server import RawHttpServer, raw_http_server
from served import BROKEN, FIXED, fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio(loop_scope="module")]

BODY = "return a * b + c"
FILL = {"match": {"model": "fill-model"}, "response": {"content": BODY}}
CANARY = "sk-canary-of-the-palette-4711"
MESSAGE = "calc: add instead of subtracting"
LOW = 420
"""The height of a window that leaves a chat in its side bar as little as VS Code lets it have."""
BOX = """
[providers.box]
type = "ollama"
base_url = "{url}"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def box() -> AsyncIterator[RawHttpServer]:
    """Return the Ollama that these tests have beside the model host."""
    async with raw_http_server(ollama()) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def code(box: RawHttpServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CodeServer]:
    """Return the one VS Code of these tests."""
    async with (
        staged(tmp_path_factory.mktemp("vscode"), [FILL], more=BOX.format(url=box.url)) as stage,
        code_server(stage) as code,
    ):
        yield code


def item(window: Window) -> Locator:
    """Return Coterie's item of the status bar."""
    return window.page.locator('.part.statusbar [id$="coterie.status"]')


async def menu(window: Window, entry: str) -> None:
    """Choose from the menu behind the item."""
    row = window.offered(entry)
    clicked = False

    async def choose() -> None:
        nonlocal clicked
        if not await row.is_visible():  # whatever takes the focus closes it
            await item(window).click()
        await row.click()
        clicked = True

    async def chosen() -> bool:
        return clicked and not await row.is_visible()

    await window.until(choose, chosen, f"{entry!r} in the menu")


async def to_the_end(window: Window) -> None:
    """Put the cursor at the end of the file: the menu gives the focus back to the status bar, from where it was opened."""
    focused = window.page.locator(".editor-group-container.active .monaco-editor.focused")
    await window.until(partial(window.press, "Control+1"), focused, "the cursor in the file")
    await window.press("Control+End")


def config(code: CodeServer) -> Path:
    """Return the person's file of settings."""
    return Path(code.stage.environment["COTERIE_HOME"]) / "config.toml"


async def says(window: Window, file: Path, text: str) -> None:
    """Wait until a file has a text."""

    async def ask() -> bool:
        return text in file.read_text(encoding="utf-8")

    await window.comes_true(ask, f"{text!r} in {file.name}")


async def test_ghost_text_is_snoozed_and_resumed_from_the_status_bar(code: CodeServer) -> None:
    async with shared(code, "snoozed", [FILL]) as window:
        await window.trace()
        await window.open("calc.py")
        await item(window).locator(".codicon-sparkle").wait_for()
        await window.until(item(window).click, window.offered("Doctor"), "the menu")
        await window.screenshot("menu", themes=("dark", "light", "contrast"))
        await menu(window, "Snooze Suggestions…")
        await window.choose("1 hour")
        await item(window).locator(".codicon-bell-slash").wait_for()

        await to_the_end(window)
        await window.type("\ndef m")
        await window.logged("Received response 'textDocument/inlineCompletion")
        await menu(window, "Why Was There No Suggestion?")
        await window.notification("snoozed").wait_for()
        await window.screenshot("why")
        assert await window.ghost() == ""
        assert await code.stage.host.journal() == [], "no model was asked"

        await menu(window, "Resume Suggestions")
        await item(window).locator(".codicon-sparkle").wait_for()
        await to_the_end(window)
        await window.type("add(a, b, c):\n")
        await window.suggests(BODY)


async def test_another_default_model_answers_the_next_request(code: CodeServer, box: RawHttpServer) -> None:
    async with shared(code, "switched", [fixture("chat-model", 0, text="Asked in vain.")]) as window:
        await menu(window, "Switch the Default Model…")
        await window.shows("work/chat-model", "current")
        await window.screenshot("models")
        await window.choose("box/old:1b")
        await says(window, config(code), 'model = "box/old:1b"')

        await window.open("calc.py")
        await window.act("Document with Coterie")

        async def answered() -> bool:
            return any(each.request.path == "/api/chat" for each in box.exchanges)

        await window.comes_true(answered, "a request to the other host")
        await window.shows("Nothing is missing.")
        assert await code.stage.host.journal() == []
        await menu(window, "Switch the Default Model…")
        await window.choose("work/chat-model")
        await says(window, config(code), 'model = "work/chat-model"')


async def test_the_doctor_says_what_works_on_a_page_that_nobody_has_to_save(code: CodeServer) -> None:
    async with shared(code, "doctor", []) as window:
        await menu(window, "Doctor")
        await window.shows("what works, and what does not", "work answers.", "box answers", "Commands run")
        await window.screenshot("page", themes=("dark", "light", "contrast"))
        assert await window.page.locator(".tab.dirty").count() == 0


async def test_a_model_is_installed_with_its_progress_and_can_be_cancelled(code: CodeServer, box: RawHttpServer) -> None:
    async with shared(code, "installing", []) as window:
        view = await section(window, "Models")
        name = view.get_by_label("Name of the model to install")
        await name.fill("new:4b")
        await name.press("Enter")
        await view.get_by_text("40 %").wait_for()
        await window.screenshot("progress", themes=("dark", "light", "contrast"))
        [pull] = [each for each in box.exchanges if each.request.path == "/api/pull"]
        await window.click(view.get_by_role("button", name="Cancel box/new:4b"))
        await asyncio.wait_for(pull.client_closed.wait(), BOUND_S)
        await view.get_by_text("40 %").wait_for(state="hidden")
        assert await view.get_by_role("alert").count() == 0, "who cancels is not told of a failure"

        await name.fill("new:4b")
        await name.press("Enter")
        await window.click(view.get_by_role("button", name="Favourite: box/new:4b"))
        await view.locator('[aria-label="Favourite: box/new:4b"][aria-pressed="true"]').wait_for()
        await window.screenshot("there")


async def test_a_key_is_entered_from_the_palette_masked_and_used_at_once(code: CodeServer, box: RawHttpServer) -> None:
    async with shared(code, "key", []) as window:
        await window.trace()
        await window.command("Coterie: Configure a Provider's Key")
        await window.shows("Whose Key?")
        await window.screenshot("whose")
        await window.choose("box")
        await window.shows("Key of box")
        masked = window.page.locator('.quick-input-widget input[type="password"]')
        await masked.wait_for()
        await masked.fill(CANARY)
        await window.screenshot("masked", themes=("dark",))
        await window.press("Enter")
        await window.notification("The key of box is in the vault.").wait_for()
        assert box.exchanges[-1].request.headers["authorization"] == f"Bearer {CANARY}"
        assert "box/api_key" in await code.stage.coterie("keys", "list")
        await window.logged("agent/key/set")

        # As a person may set it by hand: the same key once more, into a log of whole messages.
        window.configure({"coterie.trace.server": {"verbosity": "verbose", "format": "json"}})
        await window.logged('{"isLSPMessage":true')
        await window.command("Coterie: Configure a Provider's Key")
        await window.choose("box")
        await masked.fill(CANARY)
        await window.press("Enter")
        await window.logged('"method":"agent/key/set"')
        assert await asyncio.to_thread(holding, code.stage.home, CANARY) == [], "the key stands in plain text, in settings or logs"


async def test_more_of_a_question_is_all_its_answers_with_the_rule_that_always_adds(code: CodeServer) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="It is made.")]
    async with shared(code, "more", fixtures) as window:
        await run_agent(window, "coder", "Make it")
        question = window.notification("Run touch made")
        more = question.get_by_role("button", name="More…")
        await more.wait_for()
        assert "exec(touch made)" in await question.inner_text()
        await window.screenshot("question")
        await window.until(
            partial(window.command, "Notifications: Show Notifications"), more, "the question, which is put aside after a while"
        )
        await window.click(more)
        chat = await window.webview(".approval[data-state=pending]")
        card = chat.locator(".approval")
        for answer in ("Allow once", "Allow in this run", "Allow until restart", "Allow always", "Reject", "Reject always"):
            await expect(card.get_by_role("button", name=answer, exact=True)).to_be_visible()
        await expect(card).to_contain_text("Allow always (kept in your settings)", ignore_case=True)
        await expect(card).to_contain_text("exec(touch made)")
        await expect(card).to_contain_text("Holds in every project")
        await window.screenshot("answers", themes=("dark", "light", "contrast"))

        # In a view that is lower than the question the answers stay in sight, and what they are about is scrolled above them.
        await window.page.set_viewport_size({**SIZE, "height": LOW})
        await expect(card.get_by_role("button", name="Allow once", exact=True)).to_be_in_viewport(ratio=0.9)
        await expect(card.get_by_text("Run touch made").first).to_be_in_viewport(ratio=0.5)
        await card.get_by_role("button", name="Reject always").click(trial=True)
        await window.screenshot("low", themes=("dark",))
        await window.page.set_viewport_size(SIZE)
        assert not (window.project / "made").exists(), "to look is no answer"
        assert "touch made" not in config(code).read_text(encoding="utf-8")

        await window.click(card.get_by_role("button", name="Allow always", exact=True))
        await chat.locator(".answer", has_text="It is made.").wait_for()
        assert (window.project / "made").exists()
        assert 'allow = ["exec(touch made)"]' in config(code).read_text(encoding="utf-8")


async def test_a_folder_is_trusted_and_no_longer_and_a_refusal_stands_in_its_card(code: CodeServer) -> None:
    async with shared(code, "trust", []) as window:
        view = await section(window, "Workspaces")
        card = view.get_by_role("region", name=str(window.project))
        await card.get_by_text("Not trusted.").wait_for()
        trust = card.get_by_role("button", name="Trust This Folder")
        await window.until(trust.click, card.get_by_text("Trusted.", exact=True), "a trusted folder")
        await says(window, config(code), str(window.project))

        path = view.get_by_label("A folder's whole path")
        await path.fill(str(window.project.parent))
        await path.press("Enter")
        remove = view.get_by_role("button", name=f"Remove {window.project.parent}", exact=True)
        await remove.wait_for()
        await window.until(card.get_by_role("button", name="Trust No Longer").click, card.get_by_role("alert"), "the refusal")
        await window.screenshot("overruled", themes=("dark", "light", "contrast"))

        await window.click(remove)
        await remove.wait_for(state="detached")
        await card.get_by_role("alert").wait_for(state="detached")
        await card.get_by_text("Trusted.", exact=True).wait_for()  # what was refused has changed nothing
        await window.until(card.get_by_role("button", name="Trust No Longer").click, card.get_by_text("Not trusted."), "no trust")


async def test_a_commit_message_is_written_from_what_is_staged_into_the_git_view(code: CodeServer) -> None:
    project = await code.stage.another("commit")
    person = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")

    async def git(*words: str) -> None:
        await output(["git", *person, *words], code.stage.environment, cwd=project)

    await git("add", ".")
    await git("commit", "--quiet", "--message", "calc: begin")
    assert (project / "calc.py").read_text(encoding="utf-8") == BROKEN
    (project / "calc.py").write_text(FIXED, encoding="utf-8")
    (project / ".env").write_text(f"KEY={CANARY}\n", encoding="utf-8")
    await git("add", "--force", "calc.py", ".env")
    await code.stage.host.answer_with([fixture("chat-model", 0, text=MESSAGE)])
    async with code.window("commit", project) as window:
        staged = window.page.locator(".scm-view").get_by_role("treeitem", name="calc.py").first
        await window.until(partial(window.press, "Control+Shift+g"), staged, "what is staged in the Git view")
        await window.push("Write a Commit Message")
        await window.page.locator(".scm-input", has_text=MESSAGE).wait_for()
        await window.notification(".env").wait_for()
        await window.screenshot("written")
        [request] = await code.stage.host.journal()
        assert "+    return a + b" in str(request.body)
        assert CANARY not in str(request.body)
