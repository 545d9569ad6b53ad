"""A real terminal for the editors under test: tmux on a socket of its own, spoken to in its control mode.

`terminal` starts a program in a window and yields a `Terminal` that types and reads the screen. Nothing sleeps: tmux tells of each change
of the screen, and a wait looks again when it does (and once a second, for what changes elsewhere). When a wait fails, the screen is in the
message. At the end the program's whole family must be gone: an editor that dies takes its server with it.

Every screen that a test `keep`s is a text file below `COTERIE_SCREENS`, to be looked at; docs/editors/screens has one set of them. Ids and
times are replaced, and of lines with nothing but an editor's mark for none one is left, so that sets can be compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

BOUND_S = 60.0
"""How long anything may take on a machine that is busy with something else."""
LOOK_AGAIN_S = 1.0
LONGEST_LINE = 1 << 24
LOG_LINES, LOG_WIDTH = 30, 600
WIDTH, HEIGHT = 120, 36
CONFIGURATION = """
set -g default-terminal tmux-256color
set -g status off
set -s escape-time 0
set -s exit-empty on
"""


def program(name: str) -> str:
    """Return the path of an installed program."""
    folder = os.environ.get("COTERIE_EDITORS_BIN")
    assert folder, "the editors are not installed: run `make test-editors`"
    return str(Path(folder) / name)


async def output(argv: Sequence[str], environment: Mapping[str, str], *, cwd: Path | None = None) -> str:
    """Run a program to its end and return what it said."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environment),
        cwd=cwd,
    )
    # Longer than any wait that goes on inside it.
    said, trouble = await asyncio.wait_for(process.communicate(), 1.5 * BOUND_S)
    assert process.returncode == 0, f"{shlex.join(argv)}: {said.decode()}{trouble.decode()}"
    return said.decode()


@dataclass
class Terminal:
    """One window with one program."""

    process: asyncio.subprocess.Process
    name: str
    seen: set[psutil.Process] = field(default_factory=set)
    _answers: deque[asyncio.Future[list[str]]] = field(default_factory=deque)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _attached: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False

    # Speaking

    async def attached(self) -> None:
        """Wait until tmux has a session for us: a command that it reads before that has "no current client"."""
        async with asyncio.timeout(BOUND_S):
            await self._attached.wait()
        assert not self._ended, "the program has ended"

    async def type(self, text: str) -> None:
        """Type characters, with Enter at the end of each whole line."""
        *lines, last = text.split("\n")
        for line in lines:
            await self.type(line)
            await self.press("Enter")
        if last:
            await self.command(f"send-keys -l -- {shlex.quote(last)}")

    async def press(self, *keys: str) -> None:
        """Press keys by tmux's names: `Enter`, `Escape`, `C-c`, `M-x`, `Down`."""
        await self.command(f"send-keys -- {shlex.join(keys)}")

    async def command(self, line: str) -> list[str]:
        """Give tmux a command and return the lines it answers."""
        assert "\n" not in line, "tmux reads one command a line"
        assert not self._ended, "the program has ended"
        assert self.process.stdin is not None
        answer: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self.process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(answer, BOUND_S)

    # Seeing

    async def screen(self) -> str:
        """Return what is on the screen, without spaces at the ends of lines."""
        return "\n".join(await self.command("capture-pane -p")).rstrip()

    async def shows(self, *texts: str) -> str:
        """Wait until all these texts are on the screen; return it."""
        return await self.eventually(lambda screen: all(text in screen for text in texts), f"{texts} on the screen")

    async def hides(self, *texts: str) -> str:
        """Wait until none of these texts is on the screen; return it."""
        return await self.eventually(lambda screen: not any(text in screen for text in texts), f"no {texts} on the screen")

    async def eventually(self, holds: Callable[[str], bool], what: str) -> str:
        """Wait until a condition of the screen holds; return that screen."""
        screen = ""

        async def look() -> bool:
            nonlocal screen
            screen = await self.screen()
            return holds(screen)

        await self.comes_true(look, what)
        return screen

    async def comes_true(self, ask: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait until the answer to a question is yes; it is asked again after each change of the screen."""
        try:
            async with asyncio.timeout(BOUND_S):
                while not await ask():
                    await self.next_change()
        except TimeoutError:
            raise AssertionError(f"waited {BOUND_S:.0f} s for {what}; the screen:\n{await self.screen()}") from None

    async def listens(self, socket: str) -> None:
        """Wait until the program takes connections on a socket, which is there before it does."""

        async def connects() -> bool:
            try:
                _, writer = await asyncio.open_unix_connection(socket)
            except OSError:
                return False
            writer.close()
            return True

        await self.comes_true(connects, f"a connection to {socket}")

    async def keep(self, name: str) -> str:
        """Keep the screen as evidence, and return it."""
        screen = await self.screen()
        if folder := os.environ.get("COTERIE_SCREENS"):
            file = Path(folder) / f"{self.name}-{name}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(comparable(screen), encoding="utf-8")
        return screen

    async def next_change(self) -> None:
        """Wait until something changes on the screen, or for a second."""
        async with self._changed:
            assert not self._ended, "the program has ended"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LOOK_AGAIN_S)

    # Listening

    async def listen(self) -> None:
        """Read tmux's control mode until it ends; run by `terminal`."""
        assert self.process.stdout is not None
        block: list[str] | None = None
        mark = ""
        async for raw in self.process.stdout:
            line = raw.decode(errors="replace").rstrip("\n")
            word, _, rest = line.partition(" ")
            if block is not None:
                # The same number closes the block: a screen may well show a line that begins with %end.
                if word in {"%end", "%error"} and rest == mark:
                    self._answer(block, failed=word == "%error", asked=rest.endswith(" 1"))
                    block = None
                else:
                    block.append(line)
            elif word == "%begin":
                block, mark = [], rest
            elif word == "%session-changed":
                self._attached.set()
            elif word == "%output":
                async with self._changed:
                    self._changed.notify_all()
        async with self._changed:
            self._ended = True
            self._attached.set()
            self._changed.notify_all()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(AssertionError("the program has ended"))

    def _answer(self, lines: list[str], *, failed: bool, asked: bool) -> None:
        # What tmux did on its own account at the start is told in the same way, and is nobody's answer.
        if not asked:
            assert not failed, lines
            return
        answer = self._answers.popleft()
        if answer.done():  # whoever asked was cancelled
            return
        if failed:
            answer.set_exception(AssertionError(f"tmux: {' '.join(lines)}"))
        else:
            answer.set_result(lines)

    async def family(self) -> set[psutil.Process]:
        """Return the program and all it has started so far, as far as it was seen."""
        [pid] = await self.command("display-message -p '#{pane_pid}'")
        if not pid:  # the program has ended, and tmux has forgotten it
            return self.seen
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(int(pid))
            self.seen |= {root, *root.children(recursive=True)}
        return self.seen

    async def kill(self) -> None:
        """Kill the program as a crash would."""
        await self.family()
        [pid] = await self.command("display-message -p '#{pane_pid}'")
        psutil.Process(int(pid)).kill()

    async def close(self) -> None:
        """End the program, if it is still there, and see that nothing of it is left."""
        with contextlib.suppress(AssertionError):
            await self.family()
            await self.command("kill-server")
        await asyncio.wait_for(self.process.wait(), BOUND_S)
        ours = [process for process in self.seen if not is_of_shared_server(process)]
        _, alive = await asyncio.to_thread(psutil.wait_procs, ours, BOUND_S)
        assert not alive, f"still running after the editor is gone: {alive}"


def comparable(screen: str) -> str:
    """Return a screen as it is kept."""
    screen = re.sub(r"\b(channel|run|progress)_[0-9a-f]{16}\b", r"\1_0123456789abcdef", screen)
    screen = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:.]+Z", "2026-01-01T12:00:00.000Z", screen)
    lines = [line.rstrip() for line in screen.splitlines()]
    return "".join(f"{line}\n" for line, before in zip(lines, [None, *lines], strict=False) if line.strip(" ~") or line != before)


def is_of_shared_server(process: psutil.Process) -> bool:
    """Say whether a process is the daemon, which the first editor starts and none takes with it, or one that works for it."""
    try:
        return any(each.cmdline()[-2:] == ["daemon", "run"] for each in (process, *process.parents()))
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def terminal(argv: Sequence[str], *, name: str, cwd: Path, environment: Mapping[str, str]) -> AsyncIterator[Terminal]:
    """Run a program in a terminal until the block ends.

    `name` is the beginning of its kept screens' names. When the block fails, it is told the end of the program's log and the daemon's.
    """
    # Not pytest's folder: the path of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="coterie-tmux-") as folder:
        configuration = Path(folder) / "tmux.conf"
        configuration.write_text(CONFIGURATION, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(program("tmux"), "-u", "-S", f"{folder}/socket", "-f", str(configuration), "-C"),
            *("new-session", "-x", str(WIDTH), "-y", str(HEIGHT), "-c", str(cwd), shlex.join(argv)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=dict(environment),
            cwd=cwd,
            limit=LONGEST_LINE,
        )
        window = Terminal(process, name)
        listening = asyncio.get_running_loop().create_task(window.listen())
        try:
            await window.attached()
            # A client in control mode has no size unless it says one.
            await window.command(f"refresh-client -C {WIDTH}x{HEIGHT}")
            yield window
        except BaseException as failure:
            for log in (log for kept in ("HOME", "XDG_RUNTIME_DIR") for log in Path(environment[kept]).rglob("*.log")):
                lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
                failure.add_note("\n".join([f"the end of {log.name}:", *(line[:LOG_WIDTH] for line in lines)]))
            raise
        finally:
            await window.close()
            await listening
