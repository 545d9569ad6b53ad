"""What a plain editor is shown of trouble: once, and only what a person can use; the rest is in its log."""

from __future__ import annotations

import socket
from pathlib import Path

from model_host import answer, model_host
from plain_editor import command, plain, progress_ended


async def test_a_fallback_is_shown_once_and_the_attempts_before_it_are_in_the_log(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = {"type": "openai_compatible", "baseUrl": f"http://127.0.0.1:{unused.getsockname()[1]}/v1"}
        more = {"model": "dead/one", "fallbacks": ["work/chat-model"], "providers": {"dead": dead}, "budget": {"usd": None}}
        async with (
            model_host("openai_compatible", lambda _: answer("openai_compatible", "Hello.")) as host,
            plain(tmp_path, host.url, **more) as editor,
        ):
            await command(editor.client, "coterie.ask", {"prompt": "Say hello"})
            await progress_ended(editor.client)
            await editor.client.expect("window/showMessage", lambda shown: "Going on with work/chat-model" in shown["message"])
            # The host's own state; anything else that is shown fails the test at its end.
            await editor.client.expect("window/showMessage", lambda shown: shown["message"].startswith("dead: Nothing listens"))
            logged = [params["message"] for method, params in editor.client.notifications if method == "window/logMessage"]
            assert sum("Trying again" in message for message in logged) == 3
