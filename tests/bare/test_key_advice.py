"""How a host gets its key where nothing is installed: the person is told, and no prompt asks for it."""

from __future__ import annotations

from pathlib import Path

from coterie.lsp.command_names import CommandName
from lsp_client import BARE, RICH
from lsp_editor import editor as fake_editor
from plain_editor import PROMPT, command, plain

NOWHERE = "http://127.0.0.1:9"


async def test_a_person_is_told_how_and_asked_for_nothing(tmp_path: Path) -> None:
    lacking = {"box": {"type": "openai_compatible", "baseUrl": f"{NOWHERE}/v1", "apiKey": "env:NOT_SET_ANYWHERE"}}
    async with plain(tmp_path, NOWHERE, providers=lacking) as editor:
        checked = await editor.client.request("agent/provider/check", {"provider": "box"})
        await editor.client.expect("window/showMessage", lambda params: "needs a key" in params["message"])
        assert (checked["state"], checked["action"]) == ("auth_required", CommandName.CONFIGURE_KEY)
        for argument, provider in (({"provider": "team"}, "team"), (None, "box")):
            advice = await command(editor.client, CommandName.CONFIGURE_KEY, argument)
            assert (advice["command"], advice["command"] in advice["text"]) == (f"coterie keys set {provider}", True)
            await editor.client.expect("window/showMessage", lambda params: params["message"] == advice["text"])  # noqa: B023
        assert PROMPT not in [method for method, _ in editor.client.notifications]


async def test_a_client_with_an_input_of_its_own_is_not_offered_it() -> None:
    for capabilities, offered in ((BARE, True), (RICH, False)):
        async with fake_editor() as client:
            answer = await client.initialize(capabilities)
            assert (CommandName.CONFIGURE_KEY in answer["capabilities"]["executeCommandProvider"]["commands"]) is offered
