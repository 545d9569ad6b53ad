"""The settings as a settings view needs them: what holds and why, and one key changed at a time, in the file that the person chooses.

``app.core`` gives it the live settings; what a key may be is judged in ``config.assigning``, the text changed in ``config.rewriting``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from coterie.base.errors import InvalidParamsError, RequestError, SettingsError
from coterie.config.assigning import assigned
from coterie.config.key_paths import dotted, path_of
from coterie.config.lines import KeyPath
from coterie.config.load import Loaded
from coterie.config.overlay import leaves
from coterie.config.paths import PROJECT_FILE, expand
from coterie.config.problems import Problem
from coterie.config.replacing import can_rewrite, rewrite
from coterie.config.restrictions import MACHINE_SCOPE
from coterie.config.rewriting import value_at, with_key
from coterie.config.schema import Settings
from coterie.config.showing import shown
from coterie.domain.preferences import (
    FileLayer,
    FolderTrust,
    SettingProblem,
    SettingsChanged,
    SettingsFile,
    SettingsView,
    SettingView,
    SettingWritten,
)
from coterie.domain.wire import Json
from coterie.domain.workspace_ports import Folder


class Source(Protocol):
    """The live settings (implemented by ``app.settings``)."""

    @property
    def loaded(self) -> Loaded:
        """What holds now."""
        ...

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The workspace folders, each with what the settings say of its trust."""
        ...

    def only_in(self, folder: Folder) -> Loaded:
        """Read what would hold if this were the only folder. Blocks."""
        ...


class PreferenceService:
    """Implements `coterie.features.protocol_faces.Preferences`.

    ``reread`` makes the files' settings hold; ``changed`` is told afterwards what is different.
    """

    def __init__(
        self, source: Source, environ: Mapping[str, str], *, reread: Callable[[], None], changed: Callable[[SettingsChanged], None]
    ) -> None:
        self._source = source
        self._environ = environ
        self._reread = reread
        self._changed = changed
        self._told = source.loaded
        self._writing = asyncio.Lock()  # who asks twice without waiting means the second

    async def view(self, folder: str | None = None) -> SettingsView:
        """Return what holds: for all folders together, or as if ``folder`` were the only one."""
        folders = self._source.folders if folder is None else (self._folder(folder),)
        loaded = self._source.loaded if folder is None else await asyncio.to_thread(self._source.only_in, folders[0])
        return SettingsView(
            values=tuple(_values(loaded)),
            problems=tuple(map(_problem, loaded.problems)),
            files=await asyncio.to_thread(_files, loaded, folders),
            trusted_workspaces=loaded.settings.trust.workspaces,
            machine_scope=MACHINE_SCOPE,
            json_schema=_schema(),
        )

    async def set(self, key: str, value: Json, *, layer: FileLayer = "user", folder: str | None = None) -> SettingWritten:
        """Write one key, or take it away (None), and answer when that holds.

        Raises `InvalidParamsError` for what the settings refuse, `RequestError` ``untrusted_workspace`` for the file of a project that is
        not trusted, `SettingsError` where the file cannot be changed.
        """
        path = path_of(key)
        file = self._file(layer, folder)
        written = None if value is None else assigned(layer, path, value)
        changed = await self.write(file, path, lambda _: written)
        return SettingWritten(
            key=dotted(path),
            layer=layer,
            file=str(file),
            changed=changed,
            now=tuple(each for each in _values(self._source.loaded) if each.path[: len(path)] == path),
            problems=tuple(_problem(each) for each in self._source.loaded.problems if _is_about(each, path)),
        )

    async def trust(self, folder: str, *, trusted: bool) -> FolderTrust:
        """Trust a workspace folder, or no longer, in the user's own file. Raises `RequestError` where something else decides that."""
        place, file = self._folder(folder), self.own_file
        root = self._root(place.absolute)
        if place.trusted != trusted and "trust.workspaces" in self._source.loaded.locks:
            raise self._overruled(root, trusted=trusted)

        def among(said: Any) -> list[Any]:
            entries = entries_of(said, "trust.workspaces")
            if trusted:
                return entries if any(root.is_relative_to(self._root(entry)) for entry in entries) else [*entries, str(root)]
            left = [entry for entry in entries if self._root(entry) != root]
            if any(root.is_relative_to(self._root(entry)) for entry in left):
                raise self._overruled(root, trusted=trusted)  # it would stay trusted: then its own entry stays, too
            return left

        changed = await self.write(file, ("trust", "workspaces"), among)
        now = self._folder(folder).trusted
        if now != trusted:
            raise self._overruled(root, trusted=trusted)
        return FolderTrust(folder=place.uri, trusted=now, file=str(file), changed=changed)

    def _overruled(self, root: Path, *, trusted: bool) -> RequestError:
        by = self._source.loaded.locks.get("trust.workspaces")
        if by is not None:
            text = f"The {by} settings say which workspaces are trusted, and they stand above your own file: change them there."
        elif trusted:
            text = f"{root} cannot be trusted: its settings are not read from where it lies."
        else:
            entries = self._source.loaded.settings.trust.workspaces
            around = next((entry for entry in entries if root.is_relative_to(self._root(entry)) and self._root(entry) != root), root)
            text = f"{root} lies below {around}, which is trusted: take that out of `trust.workspaces` first."
        return RequestError(text, code="trust_overruled")

    def _root(self, entry: object) -> Path:
        return expand(str(entry), self._environ).resolve()

    @property
    def own_file(self) -> Path:
        """The user's own file."""
        return self._source.loaded.places.config_file

    def own(self, path: KeyPath) -> Json:
        """Return what the user's own file says of a key, as it was read last; None: nothing."""
        read = self._source.loaded.files.get(self.own_file)
        value: Json = None if read is None else read.values
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    async def can_write(self, file: Path, path: KeyPath, value: Callable[[Any], Any]) -> bool:
        """Whether `write` would put this into the file, as that is now."""
        return await asyncio.to_thread(can_rewrite, file, self._source.loaded.places.settings_lock, _change(path, value))

    async def write(self, file: Path, path: KeyPath, value: Callable[[Any], Any]) -> bool:
        """Put what ``value`` makes of a file's value (None: there is none) in its place, and have it hold; say whether it is another.

        One after the other, as they were asked for.
        """
        async with self._writing:
            lock = self._source.loaded.places.settings_lock
            try:
                changed = await asyncio.to_thread(rewrite, file, lock, _change(path, value))
            except OSError as failure:
                raise SettingsError(f"{file} cannot be written: {failure.strerror or failure}.") from failure
            self._reread()  # also when it was there: somebody else may have written it just now
            return changed

    def reloaded(self) -> None:
        """Tell what is different since this was told last."""
        before, self._told = self._told, self._source.loaded
        was, holds = ({each.key: each for each in _values(loaded)} for loaded in (before, self._told))
        keys = tuple(sorted(key for key in was.keys() | holds.keys() if was.get(key) != holds.get(key)))
        if keys or before.problems != self._told.problems:
            self._changed(SettingsChanged(keys=keys, problems=tuple(map(_problem, self._told.problems))))

    def _file(self, layer: FileLayer, folder: str | None) -> Path:
        if layer == "user":
            return self.own_file
        if folder is None and len(self._source.folders) != 1:
            raise InvalidParamsError("folder: say which workspace folder's settings are meant.")
        project = self._source.folders[0] if folder is None else self._folder(folder)
        if not project.trusted:
            text = f"{project.name} is not trusted, so nothing is written into its settings: trust it first, or set this for your user."
            raise RequestError(text, code="untrusted_workspace")
        return Path(project.absolute) / PROJECT_FILE

    def _folder(self, uri: str) -> Folder:
        for folder in self._source.folders:
            if folder.uri.rstrip("/") == uri.rstrip("/"):
                return folder
        raise InvalidParamsError(f"folder: {uri} is not a workspace folder.")


def entries_of(said: object, key: str) -> list[Any]:
    """Return what a file's list holds, to add to it. Raises `SettingsError` where the key holds no list, which nobody then writes over."""
    if said is None or isinstance(said, list):
        return list(said or ())
    raise SettingsError(f"`{key}` is no list in that file: make it one first.")


def _change(path: KeyPath, value: Callable[[Any], Any]) -> Callable[[str], str]:
    return lambda text: with_key(text, path, value(value_at(text, path)))


def _values(loaded: Loaded) -> Iterable[SettingView]:
    for each in sorted(shown(loaded), key=lambda each: each.path):
        yield SettingView(key=each.key, path=each.path, value=each.value, origin=each.origin, locked_by=each.locked_by)


def _is_about(problem: Problem, path: KeyPath) -> bool:
    """Say whether a problem is about a key, something in it, or the table that it stands in."""
    told, meant = f"{problem.key}.", f"{'.'.join(path)}."
    return bool(problem.key) and (told.startswith(meant) or meant.startswith(told))


def _problem(problem: Problem) -> SettingProblem:
    return SettingProblem(**asdict(problem))


def _files(loaded: Loaded, folders: Iterable[Folder]) -> tuple[SettingsFile, ...]:
    own = loaded.places.config_file.absolute()
    said = _said(loaded, loaded.places.config_file)
    files = [SettingsFile(layer="user", path=str(own), uri=own.as_uri(), exists=own.exists(), values=said)]
    for folder in folders:
        file = Path(folder.absolute) / PROJECT_FILE
        exists, trusted = file.exists(), Path(folder.absolute) in loaded.trusted
        files.append(
            SettingsFile(
                layer="project",
                path=str(file),
                uri=file.as_uri(),
                exists=exists,
                folder=folder.uri,
                trusted=trusted,
                values=_said(loaded, file),
            )
        )
    return tuple(files)


def _said(loaded: Loaded, file: Path) -> dict[str, Json]:
    """Return what a file says itself, as it was read, without keys of hosts."""
    layer = loaded.files.get(file)
    said = () if layer is None else leaves(layer.values)
    return {dotted(path): value for path, value in said if path[-1] != "api_key"}


@cache
def _schema() -> dict[str, Json]:
    return Settings.model_json_schema(by_alias=False)
