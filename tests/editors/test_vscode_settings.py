"""The settings in the real VS Code: what a person sets and where it ends up, and what a folder that nobody trusts cannot set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from editors.chat_view import new_chat, say
from editors.settings_view import section, turn_to
from editors.stage import TOUCH, holding, staged
from editors.vscode import vscode
from served import fixture

pytestmark = pytest.mark.editors

CANARY = "sk-canary-of-vscode-4711"


async def test_a_host_is_added_and_its_key_is_found_only_encrypted(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, text="It subtracts.")]
    async with staged(tmp_path, fixtures) as stage:
        async with vscode(stage, "settings") as window:
            view = await section(window, "Providers")
            await view.get_by_role("region", name="work").get_by_text("work answers.").wait_for()
            await window.screenshot("providers")

            name = view.get_by_label("Name", exact=True)
            await window.until(view.get_by_text("Add a Provider").click, name, "the form")
            await name.fill("spare")
            await view.get_by_label("Type", exact=True).select_option("openai_compatible")
            await view.locator("form").get_by_label("Address").fill(f"{stage.host.url}/v1")
            card = view.get_by_role("region", name="spare")
            await window.until(view.get_by_role("button", name="Add", exact=True).click, card, "another provider")
            await window.until(card.get_by_role("button", name="Enter a Key").click, window.given, "the question for its key")
            await window.shows("Key of spare")
            await window.answer(CANARY)
            await card.get_by_role("button", name="Replace the Key").wait_for()
            await card.get_by_text("spare answers.").wait_for()
            await window.shows("vault://spare/api_key")
            await window.screenshot("with-a-key")

        user = (Path(stage.environment["COTERIE_HOME"]) / "config.toml").read_text(encoding="utf-8")
        assert 'type = "openai_compatible"' in user.partition("[providers.spare]")[2]
        assert Path(stage.environment["COTERIE_HOME"]) / "config.toml" in holding(tmp_path, "[providers.spare]")
        assert holding(tmp_path, CANARY) == [], "the key stands in plain text"
        listed = json.loads(await stage.coterie("keys", "list", "--json"))
        assert "spare/api_key" in json.dumps(listed)


async def test_each_section_shows_what_holds_and_changes_it(tmp_path: Path) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="It subtracts.")]) as stage, vscode(stage, "sections") as window:
        file = Path(stage.environment["COTERIE_HOME"]) / "config.toml"

        async def says(text: str) -> None:
            async def ask() -> bool:
                return text in file.read_text(encoding="utf-8")

            await window.comes_true(ask, f"{text!r} in the person's file")

        view = await section(window, "Budgets")
        await view.get_by_label("A run, in US dollars").fill("0.25")
        await view.get_by_label("A run, in US dollars").press("Enter")
        await says("usd = 0.25")
        await window.screenshot("budgets")
        await view.get_by_label("A run, in tokens").fill("-3")
        await view.get_by_label("A run, in tokens").press("Enter")
        await view.get_by_role("alert").wait_for()
        await window.screenshot("refused")

        await turn_to(window, view, "Permissions")
        await view.get_by_label("A rule, such as exec(pytest *)").fill("exec(make test)")
        await view.get_by_label("A rule, such as exec(pytest *)").press("Enter")
        await view.get_by_role("button", name="Remove exec(make test)").wait_for()
        await says('allow = ["exec(make test)"]')
        await window.screenshot("permissions")

        for name in ("Models", "Agents", "Workspaces", "Ghost Text", "More"):
            await turn_to(window, view, name)
            await window.screenshot(name.lower().replace(" ", "-"))


async def test_a_question_outlives_a_reload_and_what_is_allowed_in_a_run_is_revoked_while_it_goes_on(tmp_path: Path) -> None:
    hold = ("execute_command", {"command": "chmod +x calc.py"})
    fixtures = [fixture("chat-model", turn, calls=[call]) for turn, call in enumerate((TOUCH, hold, TOUCH))]
    async with staged(tmp_path, [*fixtures, fixture("chat-model", 3, text="That is all.")]) as stage:
        stage.environment["COTERIE_DAEMON_RETURN_S"] = "600"  # however long this machine takes to load a window
        async with vscode(stage, "granted") as window:
            chat = await new_chat(window)
            await say(window, chat, "Make it")
            await chat.locator(".approval[data-state=pending]", has_text="touch made").wait_for()
            await window.reload()
            await window.attached()
            chat = await window.webview(".approval[data-state=pending]")
            question = chat.locator(".approval[data-state=pending]")
            await expect(question).to_contain_text("touch made")
            await window.click(question.get_by_role("button", name="Allow in this run"))
            await expect(question).to_contain_text("chmod +x calc.py")

            view = await section(window, "Permissions")
            revoke = view.get_by_role("button", name="Revoke exec(touch made), in “Make it”")
            await revoke.scroll_into_view_if_needed()
            await window.screenshot("allowed-for-a-while")
            await window.until(revoke.click, view.get_by_text("Nothing. What you allow in a run"), "nothing allowed any more")

            await window.click(question.get_by_role("button", name="Reject", exact=True))
            await expect(question).to_contain_text("exec(touch made)")
            await window.click(question.get_by_role("button", name="Reject", exact=True))
            await window.shows("That is all.")


async def test_a_folder_that_is_not_trusted_loosens_nothing(tmp_path: Path) -> None:
    fixtures = [fixture("chat-model", 0, calls=[TOUCH]), fixture("chat-model", 1, text="Nothing was touched.")]
    async with staged(tmp_path, fixtures) as stage:
        loose = ["exec(*)", "exec(touch *)"]
        for path, text in {
            ".vscode/settings.json": json.dumps(
                {"coterie.permissions.allow": loose, "coterie.model": "work/other-model", "coterie.server.command": ["touch", "made"]}
            ),
            ".coterie/config.toml": f'[permissions]\nallow = {json.dumps(loose)}\npolicy_when_unattended = "allow_list"\n',
        }.items():
            (stage.project / path).parent.mkdir(exist_ok=True)
            (stage.project / path).write_text(text, encoding="utf-8")
        trust = {"security.workspace.trust.enabled": True, "security.workspace.trust.emptyWindow": False}
        async with vscode(stage, "untrusted", settings=trust) as window:
            await window.shows("Restricted Mode")
            await section(window, "Workspaces")
            await window.shows("Not trusted.", "not trusted, so its settings may only tighten")
            await window.screenshot("workspaces")

            # Under the person's own rules a command is asked about, and the model is the person's.
            await window.open("calc.py")
            await window.act("Document with Coterie")
            await stage.told("waiting", "runs")
            assert not (stage.project / "made").exists()
            assert {request.model for request in await stage.host.journal()} == {"chat-model"}
