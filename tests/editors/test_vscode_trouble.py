"""What a person sees in the real VS Code where something does not work: a host of models that is down, what no model can be shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from editors.chat_view import field, new_chat, say
from editors.stage import staged
from editors.terminal import BOUND_S
from editors.vscode import vscode
from served import fixture

pytestmark = [pytest.mark.editors, pytest.mark.asyncio]
expect.set_options(timeout=1000 * BOUND_S)

NOBODY = "http://127.0.0.1:9"
ONCE = "[retry]\nattempts = 1"
PICTURE = b"\x89PNG\r\n\x1a\n\0"
PASTE = """(field) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(['...'], 'image.png', { type: 'image/png' }));
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""
NO_PICTURES = "Pictures do not go along"


async def test_a_host_that_is_down_is_said_with_the_way_to_its_address_and_the_run_goes_on_from_there(tmp_path: Path) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="Here again.")], more=ONCE) as stage, vscode(stage, "down") as window:
        settings = Path(stage.environment["COTERIE_HOME"]) / "config.toml"
        right = settings.read_text(encoding="utf-8")
        settings.write_text(right.replace(stage.host.url, NOBODY), encoding="utf-8")
        chat = await new_chat(window)
        await say(window, chat, "Hello?")
        trouble = chat.locator(".note[data-tone=error]")
        await expect(trouble).to_contain_text(f"Nothing listens at {NOBODY}")
        await expect(chat.get_by_role("status")).to_contain_text(re.compile("^Nothing listens at .* correct base_url of"))
        await window.screenshot("said", ("dark", "light", "contrast"))

        heading = window.page.get_by_role("tab", name=re.compile("^Coterie Settings"))
        await window.until(trouble.get_by_role("button", name="Open the Settings").click, heading, "the settings")
        view = await window.webview(".sections")
        address = view.get_by_role("region", name="work").get_by_label("Address")
        await expect(address).to_have_value(f"{NOBODY}/v1")
        await window.screenshot("settings", ("dark", "light", "contrast"))
        await address.fill(f"{stage.host.url}/v1")
        await address.press("Enter")
        await window.saved(settings, right)
        button = chat.get_by_role("button", name="Go On", exact=True)
        await window.until(button.click, chat.locator(".answer", has_text="Here again."), "the run to go on")
        await expect(chat.get_by_role("status")).to_have_text("The answer is complete.")


async def test_what_no_model_can_be_shown_is_not_attached_and_said(tmp_path: Path) -> None:
    async with staged(tmp_path, [fixture("chat-model", 0, text="It subtracts.")]) as stage:
        (stage.project / "shot.png").write_bytes(PICTURE)
        (stage.project / "data.bin").write_bytes(b"\0\1")
        async with vscode(stage, "unshown") as window:
            await window.command("View: Show Explorer")
            for file, why in (("shot.png", NO_PICTURES), ("data.bin", "It holds no text")):
                await window.menu(window.row(file), "Add to Chat")
                await window.notification(f"{file} was not attached. {why}").wait_for()
            await window.menu(window.row("calc.py"), "Add to Chat")
            chat = await window.webview(".chip")
            attached = chat.get_by_role("list", name="Attached").get_by_role("listitem")
            await expect(attached).to_have_text("calc.py")

            await field(chat).evaluate(PASTE)
            await expect(chat.get_by_role("alert")).to_contain_text(NO_PICTURES)
            await window.screenshot("refused", ("dark", "light", "contrast"))
            await say(window, chat, "What does it do?")
            await expect(chat.locator(".answer", has_text="It subtracts.")).to_have_count(1)
            [request] = await stage.host.journal()
            assert "return a - b" in str(request.messages)
            assert "not attached" not in str(request.messages)
