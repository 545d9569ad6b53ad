"""Commands confined by bubblewrap: the machine read-only, secrets and other people's files out of sight, no network.

``mounts`` works out what is seen; here it becomes arguments, with the editor's unsaved texts laid over their files. The process
namespace ends with its first process, so that no child outlives a command, however it was forked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from coterie.domain.status import SandboxView
from coterie.domain.workspace_ports import Command, CommandResult
from coterie.sandbox.environment import command_environment
from coterie.sandbox.limits import limited
from coterie.sandbox.mounts import Mount, mounts, shut_folders
from coterie.sandbox.process import Group, run_process
from coterie.sandbox.repositories import Repositories
from coterie.sandbox.shut_folders import there

_NEEDED_BY_ROOT = ("CAP_DAC_OVERRIDE", "CAP_CHOWN", "CAP_FOWNER")
"""What root keeps: without these it could not write a workspace that belongs to somebody else. Read-only mounts hold all the same."""


_TEARDOWN_S = 30.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Overlay:
    """The file ``source`` is seen at ``place``, read-only."""

    source: str
    place: str


def bubblewrap_argv(
    program: str,
    seen: Sequence[Mount],
    overlays: Sequence[Overlay],
    *,
    cwd: str,
    network: bool,
    is_root: bool,
    info_fd: int,
) -> tuple[str, ...]:
    """Return the arguments of bubblewrap up to the command; pure."""
    argv = [program, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for mount in seen:
        match mount.kind:
            case "hide_folder":
                argv += ["--tmpfs", mount.place]
            case "hide_file":
                argv += ["--ro-bind", "/dev/null", mount.place]
            case "read_only":
                argv += ["--ro-bind", mount.place, mount.place]
            case "writable":
                argv += ["--bind", mount.place, mount.place]
    for overlay in overlays:
        argv += ["--ro-bind", overlay.source, overlay.place]
    if network:
        argv += ["--ro-bind-try", "/run/systemd/resolve", "/run/systemd/resolve"]
    else:
        argv += ["--unshare-net"]
    argv += ["--cap-drop", "ALL"]
    for capability in _NEEDED_BY_ROOT if is_root else ():
        argv += ["--cap-add", capability]
    argv += ["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--new-session"]
    argv += ["--info-fd", str(info_fd), "--chdir", cwd, "--"]
    return tuple(argv)


class Bubblewrap:
    """The sandbox. ``hidden`` are Coterie's own folders; ``outer`` is the environment that commands get a part of."""

    def __init__(self, program: str, outer: Mapping[str, str], *, server_prefix: str | None, hidden: Sequence[str] = ()) -> None:
        self._program = program
        self._outer = outer
        self._server_prefix = server_prefix
        self._hidden = tuple(hidden)

    async def status(self) -> SandboxView:
        """Say that commands are confined."""
        return self.seen()

    def seen(self) -> SandboxView:
        """Say that commands are confined."""
        return SandboxView(level="bubblewrap")

    async def run(self, command: Command) -> CommandResult:
        """Run it in namespaces of its own."""
        environment = await asyncio.to_thread(self._environment, command)
        with (
            there(shut_folders(command.writable, repository=command.repository)),
            _overlays(command) as overlays,
            _namespace() as namespace,
        ):
            before = await asyncio.to_thread(Repositories.within, command.writable)
            argv = await asyncio.to_thread(self._argv, command, overlays, before, environment["PATH"], namespace.info_fd)
            result = await run_process(
                (*argv, *limited(command.argv, command.timeout_s)),
                cwd="/",
                environment=environment,
                timeout_s=command.timeout_s,
                tree=namespace,
                pass_fds=(namespace.info_fd,),
            )
            note = "" if command.repository else before.note(await asyncio.to_thread(Repositories.within, command.writable))
        return replace(result, output=note + result.output)

    def _environment(self, command: Command) -> dict[str, str]:
        environment = command_environment(self._outer, (command.cwd, *command.writable), server_prefix=self._server_prefix)
        return environment | {"TMPDIR": "/tmp", "XDG_CACHE_HOME": "/tmp/.cache", "npm_config_cache": "/tmp/.npm"}  # noqa: S108 - a private one

    def _argv(self, command: Command, overlays: Sequence[Overlay], repositories: Repositories, path: str, info_fd: int) -> tuple[str, ...]:
        home = self._outer.get("HOME") or str(Path.home())
        # Not on a command's PATH, but there for a person who names it in full: the tests of Coterie's own checkout, for example.
        reachable = path if self._server_prefix is None else f"{path}{os.pathsep}{self._server_prefix}/bin"
        return bubblewrap_argv(
            self._program,
            mounts(
                command.writable,
                self._hidden,
                home=home,
                path=reachable,
                repositories=repositories.places,
                repository=command.repository,
            ),
            overlays,
            cwd=os.path.realpath(command.cwd),
            network=command.network,
            is_root=os.geteuid() == 0,
            info_fd=info_fd,
        )


class _Namespace:
    """The process namespace of one command. bubblewrap tells the number of its first process, with which all others end."""

    def __init__(self, read_end: int, info_fd: int) -> None:
        self.info_fd = info_fd
        self._read_end = read_end
        self._handle: int | None = None

    def kill(self, process: Process) -> None:
        """Kill all of the namespace, or bubblewrap itself while there is none yet.

        After its command bubblewrap ends at once, and the kernel takes the rest of the namespace down a moment later.
        """
        try:
            first = json.loads(os.read(self._read_end, 4096))["child-pid"]
            self._handle = os.pidfd_open(first)
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        except (BlockingIOError, ValueError, KeyError):
            Group().kill(process)
        except ProcessLookupError:
            pass  # all of it is gone

    async def gone(self) -> None:
        """Wait for the end of the first process, which the kernel tells after the end of all others."""
        if self._handle is None:
            return
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._handle, ended.set)
        try:
            async with asyncio.timeout(_TEARDOWN_S):
                await ended.wait()
        except TimeoutError:
            log.warning("a command's processes did not end within %s seconds", _TEARDOWN_S)
        finally:
            loop.remove_reader(self._handle)

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in (self._read_end, self.info_fd, self._handle):
            if descriptor is not None:
                os.close(descriptor)


@contextlib.contextmanager
def _namespace() -> Iterator[_Namespace]:
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    namespace = _Namespace(read_end, write_end)
    try:
        yield namespace
    finally:
        namespace.close()


@contextlib.contextmanager
def _overlays(command: Command) -> Iterator[tuple[Overlay, ...]]:
    """Write the unsaved texts aside, to be laid over their files.

    bubblewrap makes a place to mount on where a text has no file yet, which it cannot in folders of settings: there such a text is left
    out. What it made is taken away again while it is still empty.
    """
    roots = tuple(os.path.realpath(root) for root in command.writable)
    shut = shut_folders(command.writable, repository=command.repository)
    texts = {os.path.realpath(path): text for path, text in command.unsaved.items()}
    texts = {path: text for path, text in texts.items() if _is_below(path, roots) and (Path(path).exists() or not _is_below(path, shut))}
    made = [missing for path in texts for missing in _missing(Path(path))]
    with TemporaryDirectory(prefix="coterie-unsaved-") as folder:
        overlays = []
        for number, (path, text) in enumerate(texts.items()):
            source = Path(folder, str(number))
            source.write_text(text, encoding="utf-8", newline="")
            if Path(path).exists():
                source.chmod(Path(path).stat().st_mode & 0o777)
            overlays.append(Overlay(str(source), path))
        try:
            yield tuple(overlays)
        finally:
            for place in made:
                with contextlib.suppress(OSError):
                    _remove_empty(place)


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _missing(path: Path) -> list[Path]:
    """Return ``path`` and its parents, the deepest first, as far as they do not exist."""
    return [place for place in (path, *path.parents) if not place.exists()]


def _remove_empty(place: Path) -> None:
    if place.is_dir():
        place.rmdir()
    elif place.stat().st_size == 0:
        place.unlink()
