"""Takes the pictures of docs/images anew, in the real VS Code on the sample project of `make demo`: no test, but what tests are made of.

make vscode
PYTHONPATH=tests COTERIE_VSCODE_BIN=~/.cache/coterie/editors/vscode/bin .venv/bin/python -m editors.pictures
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import ViewportSize

from coterie.cli.demo.sample_project import CHAT_PROMPT, copy_to
from editors.stage import Stage, staged
from editors.terminal import output
from editors.vscode import code_server
from editors.window import SCREENS, Window
from repository import ROOT
from served import fixture

IMAGES = ROOT / "docs" / "images"
KEPT = {"chat-dark": "vscode-chat", "plan-light": "vscode-plan", "review-dark": "vscode-review", "settings-light": "vscode-settings"}
"""Which screens become which picture."""
SIZE = ViewportSize(width=1200, height=740)
SUITE = f"{sys.executable} -B -m pytest"
MODELS = {"planner": "glm-4.6", "coder": "qwen3-coder", "reviewer": "devstral", "tester": "gpt-oss", "documenter": "gemma3"}
SETTINGS = """
model = "studio/qwen3"
completion_model = "none"
discovery = false

[providers.studio]
type = "openai_compatible"
base_url = "{url}/v1"
api_key = "env:WORK_KEY"

[providers.laptop]
type = "openai_compatible"
base_url = "{url}/v1"

[permissions]
allow = ["exec({suite})"]

[tests]
command = "{suite}"
"""
ANSWER = """Each share is rounded on its own: `round(1000 / 3)` is 333, and three of them are 999. The cent that is left is nobody's.

Hand out what is left, one cent each:

```python tally/bill.py
def shares(total: int, people: int) -> list[int]:
    each, left = divmod(total, people)
    return [each + 1] * left + [each] * (people - left)
```

- the sum is the bill, whatever it is
- nobody pays more than one cent more than anybody else

`test_shares_add_up_to_the_bill` asks for just that. Shall I change it?
"""
PLAN = {
    "goal": "The shares of a bill add up to the bill",
    "criteria": ["sum(shares(1000, people=3)) is 1000", "shares differ by one cent at most"],
    "files": ["tally/bill.py", "README.md"],
    "steps": [
        {"id": "s1", "title": "Hand out the cents that are left", "files": ["tally/bill.py"], "estimate_minutes": 5},
        {"id": "s2", "title": "Say in the README who pays them", "files": ["README.md"], "estimate_minutes": 2},
        {"id": "s3", "title": "Add a test for a tip that does not divide", "files": ["tests/test_bill.py"]},
    ],
    "risks": ["Somebody relies on equal shares"],
}
BILL = [
    {
        "old": '    """Return what each of ``people`` pays of ``total``, in cents."""\n',
        "new": '    """Return what each of ``people`` pays of ``total``, in cents: the first ones a cent more."""\n',
    },
    {
        "old": "    return [round(total / people)] * people\n",
        "new": "    each, left = divmod(total, people)\n    return [each + 1] * left + [each] * (people - left)\n",
    },
]
README = [
    {"old": "Each share is rounded to the nearest cent.", "new": "Shares add up to the bill: the first ones pay the cents that are left."}
]
FIXTURES = [
    fixture("qwen3", 0, text="I look at the code first.", calls=[("read_file", {"path": "tally/bill.py"})]),
    fixture("qwen3", 1, text=ANSWER),
    fixture(MODELS["planner"], 0, calls=[("submit", PLAN)]),
    fixture(
        MODELS["coder"],
        0,
        calls=[("edit_file", {"path": "tally/bill.py", "edits": BILL}), ("edit_file", {"path": "README.md", "edits": README})],
    ),
    fixture(MODELS["coder"], 1, calls=[("submit", {"summary": "The cents that are left are handed out.", "steps_done": ["s1", "s2"]})]),
    fixture(MODELS["reviewer"], 0, calls=[("submit", {"verdict": "approve", "findings": []})]),
    fixture(MODELS["tester"], 0, calls=[("run_tests", {})]),
    fixture(MODELS["tester"], 1, calls=[("submit", {"summary": "All is green."})]),
    fixture(MODELS["documenter"], 0, calls=[("submit", {"summary": "The README says it already."})]),
]


async def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
        async with staged(Path(folder), FIXTURES) as stage:
            configure(stage)
            project = copy_to(Path(folder))
            person = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
            for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "--message", "Split bills")):
                await output(["git", *person, *words], stage.environment, cwd=project)
            async with code_server(stage, {"diffEditor.codeLens": True}) as code, code.window("picture", project) as window:
                await window.page.set_viewport_size(SIZE)
                await settings(window)
                await chat(window)
                await team(window)
    IMAGES.mkdir(exist_ok=True)
    for screen, picture in KEPT.items():
        shutil.copyfile(SCREENS / f"picture-{screen}.png", IMAGES / f"{picture}.png")


def configure(stage: Stage) -> None:
    """Write the settings of somebody with two machines for their models."""
    agents = "\n".join(f'[agents.{agent}]\nmodel = "studio/{model}"' for agent, model in MODELS.items())
    free = "\n".join(f'[providers.studio.price."{model}"]\ninput = 0\noutput = 0' for model in ("qwen3", *MODELS.values()))
    file = Path(stage.environment["COTERIE_HOME"]) / "config.toml"
    file.write_text(SETTINGS.format(url=stage.host.url, suite=SUITE) + f"{free}\n{agents}\n", encoding="utf-8")


async def take(window: Window, name: str) -> None:
    """Keep the screen, with the pointer out of the way."""
    await window.page.mouse.move(0, 0)
    await window.page.locator(".workbench-hover").wait_for(state="hidden")
    await window.screenshot(name)


async def settings(window: Window) -> None:
    """Show the providers."""
    await window.command("Coterie: Open Settings")
    await window.shows("studio answers.", "laptop answers.")
    await take(window, "settings")
    await window.command("View: Close All Editors")


async def chat(window: Window) -> None:
    """Ask about the code that is open."""
    await window.open("tally/bill.py")
    await window.command("Coterie: New Chat")
    await widen(window)
    page = await window.webview(".composer textarea")
    await page.locator("textarea").fill(CHAT_PROMPT)
    await window.press("Enter")
    await window.shows("asks for just that")
    await take(window, "chat")


async def widen(window: Window) -> None:
    """Draw the edge of the side bar to the right."""
    box = await window.page.locator(".part.sidebar").bounding_box()
    assert box is not None
    edge, middle = box["x"] + box["width"], box["y"] + box["height"] / 2
    mouse = window.page.mouse
    await mouse.move(edge, middle)
    await mouse.down()
    await mouse.move(edge + 100, middle)
    await mouse.move(edge + 210, middle)
    await mouse.up()


async def team(window: Window) -> None:
    """Have a team carry out a plan, and look at its changes."""
    await window.command("Coterie: Run a Team…")
    await window.shows("What is to be done?")
    await window.answer("Make the shares of a bill add up to the bill")
    await window.choose("As the Settings Say")
    for view in ("Chat", "Chats"):
        await window.page.locator(".pane-header.expanded").get_by_text(view, exact=True).first.click()
    await window.row("3. Add a test").wait_for()
    await take(window, "plan")
    plan = window.row("The shares of a bill add up to the bill, approve it or change it")
    await plan.hover()
    await plan.get_by_role("button", name=re.compile("^Approve the Plan")).click()
    await window.status_item("0/3").wait_for()
    await window.row("Make the shares of a bill add up to the bill, done").wait_for()
    await window.command("Notifications: Clear All Notifications")
    await window.command("Coterie: Review All Changes")
    await window.page.locator(".monaco-diff-editor .codelens-decoration a", has_text="Reject").first.wait_for()
    await take(window, "review")


if __name__ == "__main__":
    asyncio.run(main())
