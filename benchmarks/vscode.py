"""What the extension adds to VS Code: to download, while a window starts, and at each key. Run with what `make test-editors` installed.

The yardstick is the same VS Code without the extension, open beside it; a person types the same function into each, turn by turn. A key
counts from the moment the browser has it to the next frame after the line shows it.
"""

import asyncio
import os
import re
import statistics
import tempfile
import zipfile
from pathlib import Path

from benchmarks.report import Measurement, quantile
from editors.stage import staged
from editors.vscode import EXTENSION, code_server
from editors.window import Window

FUNCTION = "def weight(item, factor):\nreturn item.mass * factor + item.tare\n"
ROUNDS = 6
PAUSE_S = 0.08
"""Between two keys: a fast typist's."""
FILL = {"match": {"model": "fill-model"}, "response": {"content": "item.price * factor"}}
WATCH = """() => {
  const lines = document.querySelector('.editor-group-container.active .monaco-editor .view-lines');
  let waiting = [];
  window.keyTimes = [];
  document.addEventListener('keydown', (event) => waiting.push(event.timeStamp), true);
  new MutationObserver(() => {
    const shown = waiting;
    waiting = [];
    requestAnimationFrame(() => window.keyTimes.push(...shown.map((came) => performance.now() - came)));
  }).observe(lines, { subtree: true, childList: true, characterData: true, attributes: true });
}"""
ACTIVATION = """() => {
  const rows = [...document.querySelectorAll('.runtime-extensions-editor .monaco-list-row')];
  return rows.filter((row) => /coterie/i.test(row.textContent)).map((row) => row.textContent).join(' ');
}"""


async def measure_vscode() -> list[Measurement]:
    """Weigh the extension, then type with and without it."""
    if not os.environ.get("COTERIE_VSCODE_BIN") or not EXTENSION.exists():
        reason = "needs `make vscode`, and `scripts/vscode_requirements.py` with its answer in `COTERIE_VSCODE_BIN`"
        return [Measurement("VS Code: typing with the extension, against without", "not measured", "", reason)]
    with tempfile.TemporaryDirectory(prefix="coterie-bench-") as place:
        async with (
            staged(Path(place), [FILL]) as stage,
            code_server(stage) as ours,
            code_server(stage, extension=None) as bare,
            ours.window("with") as window,
            bare.window("without", await stage.another("bare"), attached=False) as yardstick,
        ):
            for each in (window, yardstick):
                await prepare(each)
            with_ms: list[float] = []
            without_ms: list[float] = []
            for _ in range(ROUNDS):
                without_ms += await typed(yardstick)
                with_ms += await typed(window)
            activation = await activation_ms(window)
    return [*weights(), *typing(with_ms, without_ms), activation_row(activation)]


async def prepare(window: Window) -> None:
    """Open a file, go to its end, and type once unmeasured."""
    await window.page.bring_to_front()
    await window.open("calc.py")
    await window.page.evaluate(WATCH)
    await typed(window)


async def typed(window: Window) -> list[float]:
    """Type the function at the end of the file, and return what each key took, in milliseconds."""
    await window.page.bring_to_front()
    await window.press("Control+End", "Enter")
    await window.press("Shift+Home", "Delete")  # an indentation that was proposed
    await window.page.evaluate("window.keyTimes = []")
    for key in FUNCTION:
        # With Enter a list of words, if there is one, would put a word in.
        await window.press("Escape", "Enter") if key == "\n" else await window.type(key)
        await asyncio.sleep(PAUSE_S)
    times: list[float] = await window.page.evaluate("window.keyTimes")
    return times


async def activation_ms(window: Window) -> int | None:
    """Return how long VS Code says the activation of the extension took."""
    await window.command("Developer: Show Running Extensions")
    await window.page.locator(".runtime-extensions-editor .monaco-list-row").first.wait_for()
    said: str = await window.page.evaluate(ACTIVATION)
    found = re.search(r"(\d+)\s*ms", said)
    return int(found[1]) if found else None


def weights() -> list[Measurement]:
    """Weigh what is downloaded and what is loaded."""
    with zipfile.ZipFile(EXTENSION) as archive:
        sizes = {info.filename.removeprefix("extension/"): info.file_size for info in archive.infolist()}
    views = sum(size for name, size in sizes.items() if name.startswith("dist/") and name != "dist/extension.cjs")
    wheel = sum(size for name, size in sizes.items() if name.endswith(".whl"))
    weighed = (EXTENSION.stat().st_size, wheel, sizes["dist/extension.cjs"], views)
    download, server, bundle, webviews = (f"{size / 1024:.0f} kB" for size in weighed)
    return [
        Measurement(
            "VS Code extension: download, of which the server's wheel; its bundle, its views' bundles",
            f"{download}, {server}; {bundle}, {webviews}",
            "",
            "`build/coterie.vsix`; the bundles minified, not compressed",
        )
    ]


def typing(with_ms: list[float], without_ms: list[float]) -> list[Measurement]:
    """Compare the keys."""
    ratio = statistics.median(with_ms) / statistics.median(without_ms)
    values = [f"p50 {quantile(each, 50):.1f} ms, p95 {quantile(each, 95):.1f} ms" for each in (with_ms, without_ms)]
    how = f"{len(with_ms)} and {len(without_ms)} keys, {PAUSE_S * 1000:.0f} ms apart, in {ROUNDS} alternating rounds"
    return [
        Measurement(
            "VS Code: key → frame with the extension, against without",
            f"{ratio:.2f}× ({values[0]} : {values[1]})",
            "≤ 1.1×",
            f"{how}; code-server, headless Chromium",
        )
    ]


def activation_row(activation: int | None) -> Measurement:
    """Say how long the activation took."""
    return Measurement(
        "VS Code: activation of the extension",
        "not told" if activation is None else f"{activation} ms",
        "",
        "as Developer: Show Running Extensions says, after the start of the window",
    )
