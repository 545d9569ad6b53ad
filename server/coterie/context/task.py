"""The first message of a step, worded from what the person gave and what earlier steps made. Pure.

``agents.loop`` journals the message as it is returned here and sends it unchanged from then on: what was said to a model is never
rewritten. ``collect`` reads what stands behind URIs before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from coterie.context.cutting import enclosed, has_changed
from coterie.domain.messages import UserMessage
from coterie.domain.wire import Json


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text that the person pointed at, or that was found for a ``reason``.

    ``lines`` counts from 1, both ends inside; None: the whole file.
    """

    text: str
    path: str | None = None
    lines: tuple[int, int] | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """What a workspace folder looks like from above: its name and its top-level entries, ``src/ (12 files)``.

    ``beside`` are the paths of the workspace's other folders: files in them have no shorter name. ``left`` is the path of the folder in
    which the conversation was before, where it is another one: a relative path in what was said means a file there.
    """

    name: str
    entries: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    left: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Everything that one step starts from.

    ``rules`` are those that have changed since the conversation began, ``map`` is a map of the project, ``code`` what was found for the
    request in files that nobody has pointed at.
    ``artifacts`` are what earlier steps handed on, by type and in the workflow's order; ``note`` is the coordinator's own sentence, such as
    why the step runs again.
    """

    prompt: str
    rules: tuple[Excerpt, ...] = ()
    folder: FolderFacts | None = None
    map: str = ""
    code: tuple[Excerpt, ...] = ()
    attachments: tuple[Excerpt, ...] = ()
    selection: Excerpt | None = None
    artifacts: Mapping[str, Json] = field(default_factory=dict)
    note: str | None = None


REPLACES = "it has changed: this replaces what was attached before"
PART = "a part of it"
UNREAD = "it could not be read: nothing of it is here"


def replacing(attachments: Sequence[Excerpt], before: Mapping[str, str]) -> tuple[Excerpt, ...]:
    """Return attachments that say so where they are another text than what was attached ``before`` under their path."""
    return tuple(
        replace(each, reason=REPLACES)
        if each.reason is None and (shown := before.get(each.path or "")) is not None and has_changed(shown, each.text)
        else each
        for each in attachments
    )


def first_message(task: Task) -> UserMessage:
    """Word the task: the surroundings first, the request last, where models weigh it most. A bare prompt stays as it was typed."""
    parts = [_excerpt("rules", excerpt) for excerpt in task.rules]
    if task.folder is not None:
        beside = [f"[also open, by its whole path: {path}]" for path in task.folder.beside]
        attributes = {"name": task.folder.name} | ({} if task.folder.left is None else {"reason": _moved(task.folder.left)})
        parts.append(_element("folder", attributes, "\n".join([*task.folder.entries, *beside])))
    if task.map:
        parts.append(_element("map", {}, task.map))
    parts.extend(_excerpt("code", excerpt) for excerpt in task.code)
    preface = sum(len(part) + len(_BETWEEN) for part in parts)
    parts.extend(_excerpt("attachment", excerpt) for excerpt in task.attachments)
    if task.selection is not None:
        parts.append(_excerpt("selection", task.selection))
    parts.extend(_element("artifact", {"type": name}, compact(value)) for name, value in task.artifacts.items())
    parts.append(task.prompt)
    if task.note is not None:
        parts.append(task.note)
    return UserMessage(text=_BETWEEN.join(parts), preface=preface)


_BETWEEN = "\n\n"


def compact(value: Json) -> str:
    """Return ``value`` as JSON without blanks, in its own order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)


def _moved(left: str) -> str:
    return f"you work in it from here on: relative paths mean files of it, those before meant files of {left}"


def _excerpt(name: str, excerpt: Excerpt) -> str:
    attributes = {} if excerpt.path is None else {"path": excerpt.path}
    if excerpt.lines is not None:
        attributes["lines"] = "{}-{}".format(*excerpt.lines)
    if excerpt.reason is not None:
        attributes["reason"] = excerpt.reason
    return _element(name, attributes, excerpt.text)


def _element(name: str, attributes: Mapping[str, str], text: str) -> str:
    opening = "".join(f" {key}={compact(value)}" for key, value in attributes.items())
    return f"<{name}{opening}>\n{enclosed(text.rstrip(), name)}\n</{name}>"
