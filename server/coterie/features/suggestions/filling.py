"""The call of the model: a gap goes out, a suggestion or a reason comes back, and the model is stopped as soon as there is enough.

``service`` calls it in a task of its own (`turns.Calls`): cancelling that closes the connection. After a failure the host is left in peace
for a while, however fast the person types; who asks by hand is not kept waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from coterie.agents.choosing import discovering
from coterie.base.errors import CoterieError, FailureKind, ProviderError
from coterie.context.assemble import request_bytes
from coterie.context.fill import Extent, Gap, chat_request, fill_request, in_window
from coterie.context.tokens import Calibration
from coterie.domain.messages import Finished, StreamEvent, TextDelta, UsageReported
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.suggestions import Snippet
from coterie.domain.usage import Usage
from coterie.features.suggestions.filters import judge, progress
from coterie.features.suggestions.gate import Refusal
from coterie.features.suggestions.rhythm import Rhythm
from coterie.features.suggestions.spending import Call, Spending

REST_S: Final[dict[FailureKind, float]] = {"transient": 5.0, "rate_limited": 20.0, "bad_request": 5.0}
_USUAL: Final = Calibration()
_MOST_BYTES = 5.0
"""Of a token, in code."""
LONG_REST_S = 60.0
"""After a failure that only the person can mend."""
REST_OF_BLOCK_S: Final = {"automatic": 0.8, "manual": 3.0}
"""How long the lines of a block are waited for once the first one is whole."""
MOST_HEARD = 20_000
"""Characters of an answer, thoughts included, at a host that does not keep to the limit it was told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be filled in. ``path`` is what the file is called to the model; ``project`` and ``snippets`` are as in `FillRequest`.

    ``other_than`` is what the person has seen already, when they want something else.
    """

    gap: Gap
    extent: Extent
    path: str
    language: str
    manual: bool
    project: str = ""
    snippets: tuple[Snippet, ...] = ()
    other_than: tuple[str, ...] = ()


class Filling:
    """Fills gaps by the configured model."""

    def __init__(self, providers: Providers, rhythm: Rhythm, spending: Spending) -> None:
        self._providers = providers
        self._rhythm = rhythm
        self._spending = spending
        self._resting: tuple[float, Refusal] | None = None
        self._speakers: set[str] = set()  # models that fill no gaps, at hosts that do
        self._calibrations: dict[str, Calibration] = {}

    def calibration(self, model_id: str | None) -> Calibration:
        """Return how many bytes of code make a token for a model, as far as its host has said."""
        return self._calibrations.get(model_id or "", _USUAL)

    def resting(self) -> Refusal | None:
        """Return why the model is not asked now, as long as that holds."""
        if self._resting is not None and asyncio.get_running_loop().time() < self._resting[0]:
            return self._resting[1]
        self._resting = None
        return None

    async def fill(self, model_id: str, job: Job) -> str | Refusal:
        """Ask the model, and return what of its answer can be shown."""
        started = asyncio.get_running_loop().time()
        try:
            choice = await discovering(self._providers, lambda: self._providers.choose(model_id))
            answer = await self._ask_either_way(choice, job)
        except ProviderError as failure:
            self._providers.settled(model_id, failure)
            return self._rest(failure, failure.retry_after or REST_S.get(failure.kind, LONG_REST_S))
        except CoterieError as failure:  # no such provider
            return self._rest(failure, LONG_REST_S)
        self._providers.settled(model_id, None)
        self._rhythm.answered(asyncio.get_running_loop().time() - started)
        return judge(answer, job.gap, job.extent, manual=job.manual, language=job.language, path=job.path)

    async def _ask_either_way(self, choice: ModelChoice, job: Job) -> str:
        """Have the gap filled, or, by a model that turns out not to fill any, the question answered; that model is known from then on."""
        if choice.fim and choice.id not in self._speakers:
            try:
                return await self._ask(choice, job, speaks=False)
            except ProviderError as failure:
                if failure.code != "no_fim":
                    raise
                self._speakers.add(choice.id)
        return await self._ask(choice, job, speaks=True)

    async def _ask(self, choice: ModelChoice, job: Job, *, speaks: bool) -> str:
        asked, stream = _call(choice, job, self.calibration(choice.id), speaks=speaks)
        call = Call(choice, asked)
        answer = ""
        was_refused = False
        box = asyncio.timeout(None)
        try:
            async with box, aclosing(stream) as events:  # type: ignore[type-var]
                async for event in events:
                    if isinstance(event, TextDelta):
                        answer += event.text
                        call.answered += len(event.text.encode(errors="replace"))
                        if _suffices(answer, job, box):
                            break
                    elif isinstance(event, UsageReported):
                        call.reported = event.usage
                        self._learn(choice.id, asked, event.usage)
                    elif isinstance(event, Finished):
                        call.finished = True
        except TimeoutError:
            if not box.expired():
                raise
            answer = answer.rpartition("\n")[0]  # a line that has only begun is not worth showing
        except ProviderError:
            was_refused = not call.has_begun
            raise
        finally:
            if not was_refused:  # hosts bill answers
                self._spending.ended(call)
        return answer

    def _learn(self, model_id: str, asked: int, usage: Usage) -> None:
        found = self.calibration(model_id).corrected(asked, usage)
        # Where it says more, a host may have counted only what was not in its cache.
        if found.bytes_per_token <= _MOST_BYTES:
            self._calibrations[model_id] = found

    def _rest(self, failure: CoterieError, seconds: float) -> Refusal:
        refusal = Refusal("provider", failure.code, failure.message)
        self._resting = (asyncio.get_running_loop().time() + seconds, refusal)
        return refusal

    def go_on(self) -> None:
        """Ask again at once: the settings may have mended what was wrong."""
        self._resting = None
        self._speakers.clear()


def _suffices(answer: str, job: Job, box: asyncio.Timeout) -> bool:
    """Say whether a model has been heard enough; from the first whole line of a block on, there is little time for the others."""
    heard = progress(answer, job.gap, job.extent, language=job.language, path=job.path)
    if heard == "line" and box.when() is None:
        box.reschedule(asyncio.get_running_loop().time() + REST_OF_BLOCK_S["manual" if job.manual else "automatic"])
    suffices = heard == "whole" or len(answer) > MOST_HEARD
    if suffices and not box.expired():
        box.reschedule(None)  # the closing of the call is not to be cut short
    return suffices


def _call(choice: ModelChoice, job: Job, calibration: Calibration, *, speaks: bool) -> tuple[int, AsyncIterator[StreamEvent]]:
    """Return how many bytes the model is asked, and its answer."""
    shown, snippets = in_window(job.gap, job.snippets, job.extent, choice, calibration)
    if not speaks:
        gap = fill_request(shown, job.extent, choice, path=job.path, project=job.project, snippets=snippets, varied=bool(job.other_than))
        return gap.size, choice.provider.fill(gap)
    request = chat_request(shown, job.extent, choice, language=job.language, path=job.path, snippets=snippets, other_than=job.other_than)
    return len(request_bytes(request)), choice.provider.stream(request)
