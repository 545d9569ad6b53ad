"""The process that predicts lines for a server: keeps corpora of the folders that it is asked about, and renews them in the background.

Started as ``python -m coterie.features.prediction_process`` by `coterie.features.prediction_client` and by nobody else. It reads requests,
one JSON object a line: ``{id, op: "opened", texts: {path: text or null}}`` says what stands in the editors' buffers, null for one that was
closed; ``{id, op: "predict", folder, path, prefix, suffix}`` asks for the rest of a line. Each is answered by ``{id, result}``.

A question waits for nothing: it is answered from the latest whole corpus, and while there is none by ``state: "building"``. Which files
changed is looked at in the background, while questions come, and a group of languages in which something did is read and sorted anew.
What that costs bounds how often it is done. Memory is bounded by the text of a corpus and by their number.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

from coterie.base.child import answering
from coterie.features.prediction import group_of, group_texts, looked_at

if TYPE_CHECKING:
    from coterie.features.prediction import Stamps
    from coterie.predictor.corpus import Corpus

MOST_CORPORA: Final = 3
MOST_CHARACTERS: Final = 4_000_000
"""Of a corpus: a million tokens, which take about 150 MB."""
LOOKED_EVERY_S: Final = 10.0
"""How often at most the disk is looked at."""
_IDLE_FACTOR: Final = 10
"""The renewing of a corpus rests so many times longer than it took: it is allowed a tenth of one processor."""
_NICE: Final = 10
_SWITCH_S: Final = 0.0005

Key: TypeAlias = tuple[str, str]
"""A folder and a group of languages."""


@dataclass(slots=True)
class _Kept:
    """What is known of a key. ``seen`` is what its corpus was made of."""

    corpus: Corpus | None = None
    seen: Stamps = field(default_factory=dict)
    looked_at: float = float("-inf")
    rests_until: float = float("-inf")
    is_stale: bool = True


class Corpora:
    """Answers in one thread and renews in another. ``buffers`` and ``kept`` are guarded by ``_changed``; a corpus never changes."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._buffers: dict[str, str] = {}
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        threading.Thread(target=self._renew, name="coterie-corpora", daemon=True).start()

    def opened(self, texts: Mapping[str, str | None]) -> None:
        """Take over what editors have open: texts by absolute path."""
        with self._changed:
            for path, text in texts.items():
                if text is None:
                    self._buffers.pop(path, None)
                else:
                    self._buffers[path] = text
                for (folder, group), kept in self._kept.items():
                    if group == group_of(path) and path.startswith(f"{folder}/"):
                        kept.is_stale = True

    def predict(self, folder: str, path: str, prefix: str, suffix: str) -> Mapping[str, str | float | None]:
        """Predict the rest of a line; ``path`` is absolute, ``folder`` empty where the file is in none: its own text is all then."""
        corpus = self._corpus((folder, group_of(path)))
        if corpus is None:
            return {"text": None, "score": 0.0, "state": "building"}
        from coterie.predictor.predictor import predict  # noqa: PLC0415 - numpy is loaded with the first corpus

        found = predict(corpus, os.path.relpath(path, folder), prefix, suffix)
        return {"text": found.text, "score": found.score, "state": "ready"}

    def _corpus(self, key: Key) -> Corpus | None:
        with self._changed:
            kept = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            if len(self._kept) > MOST_CORPORA:
                self._kept.popitem(last=False)
            kept.is_stale = kept.is_stale or monotonic() - kept.looked_at >= LOOKED_EVERY_S
            if kept.is_stale:
                self._changed.notify()
            return kept.corpus

    def _renew(self) -> None:
        with suppress(OSError, AttributeError):  # questions come first; a system without it is slower, no more
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
        while True:
            key, kept, buffers = self._next()
            started = monotonic()
            corpus, seen = kept.corpus, kept.seen
            with suppress(OSError, ValueError, MemoryError):  # what was known still holds; it is tried again
                corpus, seen = _renewed(key, kept, buffers)
            with self._changed:
                kept.corpus, kept.seen, kept.looked_at = corpus, seen, monotonic()
                kept.rests_until = kept.looked_at + _IDLE_FACTOR * (kept.looked_at - started)

    def _next(self) -> tuple[Key, _Kept, Mapping[str, str]]:
        """Wait for a corpus that is stale and has rested."""
        with self._changed:
            while True:
                stale = [(kept.rests_until, key, kept) for key, kept in self._kept.items() if kept.is_stale]
                due = min((rests_until for rests_until, _, _ in stale), default=None)
                if due is not None and due <= monotonic():
                    _, (folder, group), kept = min(stale, key=lambda each: each[0])
                    kept.is_stale = False
                    mine = {path: text for path, text in self._buffers.items() if path.startswith(f"{folder}/") and group_of(path) == group}
                    return (folder, group), kept, mine
                self._changed.wait(None if due is None else due - monotonic())


def _renewed(key: Key, kept: _Kept, buffers: Mapping[str, str]) -> tuple[Corpus, Stamps]:
    folder, group = key
    mine = {os.path.relpath(path, folder): text for path, text in buffers.items()}
    seen = looked_at(Path(folder), group, mine) if folder else {}
    if kept.corpus is not None and seen == kept.seen:
        return kept.corpus, seen
    from coterie.predictor.corpus import build  # noqa: PLC0415 - numpy is loaded with the first corpus

    return build(list(group_texts(Path(folder), seen, mine, limit=MOST_CHARACTERS))), seen


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Serve until the input ends; does not return then."""
    sys.setswitchinterval(_SWITCH_S)  # a question need not wait long for the thread that sorts
    send = answering(answers)
    corpora = Corpora()
    for line in asked:
        request = json.loads(line)
        number = request["id"]
        try:
            result = _answered(corpora, request)
        except Exception as failure:  # noqa: BLE001 - the server is told, and this process goes on
            send({"id": number, "failure": f"{type(failure).__name__}: {failure}"})
        else:
            send({"id": number, "result": result})
    os._exit(0)  # a corpus may be in the making, which nobody waits for


def _answered(corpora: Corpora, request: Mapping[str, Any]) -> Any:
    match request["op"]:
        case "opened":
            corpora.opened(request["texts"])
            return None
        case "predict":
            return corpora.predict(request["folder"], request["path"], request["prefix"], request["suffix"])
        case other:
            message = f"There is no operation {other!r}."
            raise ValueError(message)


if __name__ == "__main__":
    # A terminal sends it to the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer)
