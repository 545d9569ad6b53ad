"""The ports to the person's folders: files as the person sees them, and commands that run among them.

``agents`` and ``tools`` reach the world by these; ``workspace`` and ``sandbox`` implement them. Every method may be cancelled at its await
points unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # annotations are all that need them, and a start that loads none of them is a tenth shorter
    from coterie.domain.edits import Draft, FileRef, Found, LeftOut, OnIntent, Outcome, Rewrite
    from coterie.domain.status import SandboxView


@dataclass(frozen=True, slots=True)
class Folder:
    """A workspace folder."""

    uri: str
    name: str
    absolute: str
    trusted: bool = False


class Workspace(Protocol):
    """Files as the person sees them: open buffers first, then the disk (implemented by ``workspace``).

    Agents see one kind of line end, the line feed, and no byte order mark; what they write gets the file's own ends back, and lines
    they leave alone keep theirs. ``exact`` shows the text as it is: for whoever compares with a `Draft`, which is always exact.
    """

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders, as the editor gives them."""
        ...

    def folder(self, uri: str) -> Folder | None:
        """Return the folder that work can be done in: one of ``folders``, or one inside of them, which another editor has open alone."""
        ...

    def locate(self, path: str, folder: str | None = None) -> FileRef:
        """Find a path (relative to ``folder``, as for `folder`, or to the first folder, or absolute).

        Raises `ModelMistakeError` when it is outside of all folders, also through symbolic links.
        """
        ...

    def locate_again(self, path: str, folder: str) -> FileRef:
        """Find a file by what `locate` said of it. Raises `ModelMistakeError` as that does, and where a link stands in its way by now."""
        ...

    async def read(self, file: FileRef, *, exact: bool = False) -> str | None:
        """Return the text (None: no such file). Raises `ModelMistakeError` for a folder, a binary or a far too large file."""
        ...

    async def read_many(self, files: Sequence[FileRef], *, room: int) -> tuple[Sequence[tuple[FileRef, str]], bool]:
        """Return the texts of those files that are text, in their order and ``room`` characters at most; say whether these are all."""
        ...

    async def files(self, folder: str | None = None, under: str = "") -> tuple[FileRef, ...]:
        """Return the files below ``under``, sorted by path, without ignored, secret and binary ones; unsaved new buffers are there."""
        ...

    async def draft(self, file: FileRef, rewrite: Rewrite) -> Draft:
        """Say what `change` would make of a file as it is now, and touch nothing. Raises what ``rewrite`` and `read` raise."""
        ...

    async def change(
        self,
        file: FileRef,
        rewrite: Rewrite,
        *,
        label: str,
        on_intent: OnIntent,
        exact: bool = False,
        mode: int | None = None,
        beneath: bool = False,
    ) -> Outcome:
        """Change a file: its open buffer through the editor, a closed one on disk by an atomic replacement that keeps its mode.

        A file that is made gets the permission bits ``mode``, or those of any new file. ``beneath`` changes the disk where the open buffer
        needs no change: what a command wrote below unsaved text is there alone.

        Never forces: what the person typed meanwhile stays, ``rewrite`` is matched anew against it. It is pure and runs in a thread.
        A change that changes nothing is `Applied` without an intent. Raises what ``rewrite`` raises.
        """
        ...

    def unsaved(self) -> Mapping[str, str]:
        """Return the texts of buffers that differ from the disk, by absolute path."""
        ...

    async def look(self) -> Look:
        """Look at the files before a command that may change them. Raises `StorageError` where what they hold cannot be kept."""
        ...

    async def look_again(self, snapshot: str) -> Found | None:
        """Return what has changed since a look whose process died; None while a folder of it is not in the workspace."""
        ...

    async def forget(self, snapshot: str) -> None:
        """Let go of what a look has kept: what changed since is journalled."""
        ...

    async def make_way(self, file: FileRef) -> None:
        """Take a folder away that is where a file was, if nothing is in it but such folders."""
        ...

    async def set_aside(self, run_id: str, path: str, text: str) -> None:
        """Keep what a file holds before an undo takes it away. Raises `ModelMistakeError` where it cannot be kept."""
        ...

    async def give_back(self, run_id: str, left_out: LeftOut) -> bool:
        """Make of a file what it was before a command did what no text tells; what is taken away is kept.

        Returns False where there is no file whose permissions could be given back. Raises `ModelMistakeError` where it is not as the
        command left it, or cannot be given back.
        """
        ...

    def kept_of(self, run_id: str) -> str | None:
        """Return the folder where lies what undos of a run have taken away; None where there is nothing."""
        ...

    def let_go_for(self, run_id: str) -> int:
        """Return of how many earlier runs what was kept went to make room for what is kept of this one; each is told once."""
        ...


class Look(Protocol):
    """What lies on the disk before a command, and what of it the command changed. It is ended once, however the command ends."""

    @property
    def snapshot(self) -> str | None:
        """The name under which it is kept; None where there is too much, which the end says."""
        ...

    def show_life(self) -> None:
        """Note that this process lives; called again and again while the command runs. Blocks, for microseconds."""
        ...

    async def drop(self) -> None:
        """Give it up, with what was kept: the command is not run after all."""
        ...

    async def end(self) -> Found:
        """Look again, and return what the command changed: without what others are known to have written meanwhile."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to confine. Paths are absolute; ``unsaved`` are texts to show in place of files on disk.

    ``network`` opens the network, ``repository`` lets the command write the version control's own files.
    """

    argv: tuple[str, ...]
    cwd: str
    writable: tuple[str, ...]
    unsaved: Mapping[str, str]
    timeout_s: float
    network: bool = False
    repository: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """How a command ended.

    ``output`` is both streams, interleaved, its middle cut out when it is too long; ``full_output`` all that was kept.
    """

    exit_code: int | None
    output: str
    full_output: str
    timed_out: bool = False


class Sandbox(Protocol):
    """Runs commands (implemented by ``sandbox``)."""

    async def status(self) -> SandboxView:
        """Say how commands are confined; probes by running one, once."""
        ...

    def seen(self) -> SandboxView:
        """Say what is known without probing: ``unknown`` before the first command."""
        ...

    async def run(self, command: Command) -> CommandResult:
        """Run to the end, or until cancelled, with every child killed. Raises `ModelMistakeError` when it cannot start."""
        ...
