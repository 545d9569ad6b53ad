"""An editor on the wire with a person who types in it: documents in one of several manners, keystrokes at the moments that messages make.

The manners are those of `editor_fake`, whose editor has no wire. Nothing here knows a clock: a `Person` types when the `Document` that they
look at comes to a `Moment`, and each moment is made by a message of the server. What a schedule is, is decided by its seed alone; how the
server's own steps fall between is left to the two processes.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from editor_fake import Manner
from lsp_client import UNIT_SIZE, LspClient

Moment = Literal["heard", "in_flight", "applied", "answered"]
"""A message of the run came; an edit of the server came, is in the text, is answered."""

KEYSTROKES = re.compile(r"«\d+»(?:¶\n)?")
"""What a person types is unlike everything else, so that it can be told apart whatever happens to the text."""


def without_keystrokes(text: str) -> str:
    """Return what a text would be if the person had typed nothing."""
    return KEYSTROKES.sub("", text)


class Person:
    """Types at some moments, mostly anywhere and now and then right where an agent works (``near``)."""

    def __init__(self, seed: int, near: Sequence[str]) -> None:
        self.typed: Counter[str] = Counter()
        self.random = random.Random(seed)  # noqa: S311 - a schedule to repeat, not a secret
        self._near = near
        self._restless = self.random.choice([0.02, 0.05, 0.1])
        self._left = self.random.randint(1, 8)

    def wants_to_type(self, moment: Moment) -> bool:
        """Decide anew, more often for it while an edit is under way: there are few such moments, and they are what matters."""
        if self._left == 0 or self.random.random() >= self._restless * (1 if moment == "heard" else 4):
            return False
        self._left -= 1
        return True

    def keystroke(self, text: str) -> tuple[int, str]:
        """Return where and what; never inside of an earlier keystroke, which could not be told apart then."""
        words = f"«{self.typed.total()}»" + self.random.choice(["", "¶\n"])
        self.typed[words] += 1
        return self.random.choice(self._places(text)), words

    def _places(self, text: str) -> Sequence[int]:
        inside = {place for found in KEYSTROKES.finditer(text) for place in range(found.start() + 1, found.end())}
        found = text.find(self.random.choice(self._near)) if self.random.random() < 0.2 else -1
        around = range(len(text) + 1) if found < 0 else range(max(found - 20, 0), min(found + 20, len(text)) + 1)
        return [place for place in around if place not in inside] or [0]


class Document:
    """An open document. It is changed at once, and the server is told when the manner has it so."""

    def __init__(self, client: LspClient, manner: Manner, person: Person, uri: str, text: str) -> None:
        self.uri = uri
        self.text = text
        self.asked = 0
        self._client = client
        self._manner = manner
        self._person = person
        self._version = 1
        self._untold: list[tuple[int, list[Any]]] = []

    async def open(self) -> None:
        """Tell the server that the text is ours now."""
        document = {"uri": self.uri, "languageId": "plaintext", "version": self._version, "text": self.text}
        await self._client.notify("textDocument/didOpen", {"textDocument": document})

    async def come_to(self, moment: Moment) -> None:
        """Let the person type or not."""
        while self._person.wants_to_type(moment):
            place, words = self._person.keystroke(self.text)
            self._change([(place, place, words)])
        if moment == "heard" and (self._manner != "coalescing" or self._person.random.random() < 0.5):
            await self.tell()

    async def tell(self) -> None:
        """Tell the server of every change that it was not told of."""
        untold, self._untold = self._untold, []
        if self._manner == "coalescing" and untold:
            untold = [(untold[-1][0], [change for _, changes in untold for change in changes])]
        for version, changes in untold:
            document = {"uri": self.uri, "version": version}
            await self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def take_edit(self, msg_id: int | str, edit: Mapping[str, Any]) -> None:
        """Take the edit of a ``workspace/applyEdit`` that is about this document, and answer it."""
        self.asked += 1
        await self.come_to("in_flight")
        refused = self._manner != "careless" and edit["textDocument"]["version"] != self._version
        if not refused and self._manner != "silent":
            spans = [(self._offset(one["range"]["start"]), self._offset(one["range"]["end"]), one["newText"]) for one in edit["edits"]]
            self._change(sorted(spans, reverse=True))  # from the end, so that none moves another
            await self.come_to("applied")
        answer = {"applied": False, "failureReason": "the text has changed"} if refused else {"applied": True}
        if self._manner != "late":
            await self.tell()
        await self._client.send({"jsonrpc": "2.0", "id": msg_id, "result": answer})
        await self.come_to("answered")
        if self._manner == "late":
            await self.tell()

    def _change(self, spans: Sequence[tuple[int, int, str]]) -> None:
        """Make one version of changes, each of which stands in what the one before it left."""
        changes = []
        for start, end, text in spans:
            place = {"start": self._client.position(self.text, start), "end": self._client.position(self.text, end)}
            changes.append({"range": place, "text": text})
            self.text = self.text[:start] + text + self.text[end:]
        self._version += 1
        self._untold.append((self._version, changes))

    def _offset(self, position: Mapping[str, int]) -> int:
        """Return the place of a position in the text of now, the nearest one where it is none, as careless editors do."""
        lines = self.text.split("\n")
        number = min(position["line"], len(lines) - 1)
        encoded = lines[number].encode("utf-16-le")[: position["character"] * UNIT_SIZE["utf-16"]]
        return sum(len(line) + 1 for line in lines[:number]) + len(encoded.decode("utf-16-le", "ignore"))
