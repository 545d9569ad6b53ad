"""The settings as a client shows and changes them: what holds, where it comes from, what is wrong. The settings themselves: ``config``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from coterie.domain.wire import Json, wire

FileLayer = Literal["user", "project"]
"""The layers that are files, and can be written."""


@wire
class SettingView:
    """A value that is set or has a default; a host's key shows only where it is read from.

    ``key`` is ``path`` as TOML spells it. ``origin`` is the layer that it comes from, all layers of a list that adds up. ``locked_by`` is
    the layer above the user's file that decides it: what is written there does not hold.
    """

    key: str
    path: tuple[str, ...]
    value: Json
    origin: str
    locked_by: str | None = None


@wire
class SettingProblem:
    """What is wrong in a layer. ``line`` counts from 1; ``file`` is a path, or the name of a layer that has no file.

    A ``note`` has no effect in this version. ``ignored`` says why what is right is left out: the workspace is ``untrusted`` and this would
    loosen the settings; a workspace's editor settings may not say it (``machine_scope``); nobody vouches for themselves (``vouching``); no
    project loosens it, trusted or not (``held``).
    """

    file: str
    line: int | None
    key: str
    message: str
    suggestion: str | None
    level: Literal["warning", "note"]
    ignored: Literal["untrusted", "machine_scope", "vouching", "held"] | None = None


@wire
class SettingsFile:
    """A file of settings, which need not exist yet. ``folder`` is the workspace folder of a project's; ``trusted`` is said of that.

    ``values`` is what the file itself says, by dotted keys and but for keys of hosts: a list that adds up over the layers is changed by it.
    """

    layer: FileLayer
    path: str
    uri: str
    exists: bool
    folder: str | None = None
    trusted: bool = True
    values: Mapping[str, Json] = field(default_factory=dict)


@wire
class SettingsView:
    """The answer of ``agent/settings/get``.

    ``machine_scope`` are patterns of keys that ``workspace/configuration`` cannot set; ``json_schema`` says what every key takes, in the
    spelling of files.
    """

    values: tuple[SettingView, ...]
    problems: tuple[SettingProblem, ...]
    files: tuple[SettingsFile, ...]
    trusted_workspaces: tuple[str, ...]
    machine_scope: tuple[str, ...]
    json_schema: Mapping[str, Json]


@wire
class SettingWritten:
    """The answer of ``agent/settings/set``, when what was written is in force.

    ``now`` are the values at and below the key as they hold now: a layer above may say something else. ``problems`` are about them.
    """

    key: str
    layer: FileLayer
    file: str
    changed: bool
    now: tuple[SettingView, ...]
    problems: tuple[SettingProblem, ...]


@wire
class FolderTrust:
    """The answer of ``agent/trust/set``, when it is in force: whether a workspace folder is trusted, by which ``file``."""

    folder: str
    trusted: bool
    file: str
    changed: bool


@wire
class SettingsChanged:
    """The payload of ``agent/settings/changed``: the keys whose values are others now, or that came or went, and what is wrong now."""

    keys: tuple[str, ...]
    problems: tuple[SettingProblem, ...]
