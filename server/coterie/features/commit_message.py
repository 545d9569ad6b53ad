"""Writes the message of a commit from what is staged, by the small model where there is one, and the fallbacks where it fails.

The call belongs to no run; its use is in the books as ``commit_message``, and counts for the budget of the day. No model is shown secrets
or ignored files. Nothing is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coterie.agents.choosing import Chain, chain_of, discovering
from coterie.agents.quiet_call import QuietCall, first_answer
from coterie.base.errors import BudgetExhaustedError, InvalidParamsError, RequestError
from coterie.base.ids import today
from coterie.config.schema import Settings
from coterie.context.commit import AGENT, cleaned, commit_request
from coterie.domain.commits import CommitMessage
from coterie.domain.model_ports import ModelChoice, Providers
from coterie.domain.store_ports import UsageStore
from coterie.domain.workspace_ports import Folder
from coterie.workspace.staged import Repository, repository

if TYPE_CHECKING:
    from coterie.workspace.privacy import Withheld

_SUBJECTS = 8
_MOST_PATHS = 500


class CommitMessages:
    """Implements `coterie.features.protocol_faces.Commits`. ``withheld`` says what no model is shown; ``hide`` takes known secrets out."""

    def __init__(
        self,
        *,
        folders: Callable[[], tuple[Folder, ...]],
        providers: Providers,
        usage: UsageStore,
        settings: Callable[[], Settings],
        withheld: Callable[[str], Awaitable[Withheld | None]],
        hide: Callable[[str], str],
    ) -> None:
        self._folders = folders
        self._providers = providers
        self._usage = usage
        self._settings = settings
        self._withheld = withheld
        self._hide = hide

    async def message(self, folder: str | None = None, *, staged: bool = True) -> CommitMessage:
        """Return a message for what is staged in a folder, or for all that is not committed.

        Raises `RequestError`: ``no_repository``, ``nothing_staged``, ``untrusted_workspace``, and whatever choosing a model raises;
        `ProviderError`.
        """
        place = self._folder(folder)
        if not staged and not place.trusted:
            why = "comparing its files could start programs that the repository names"
            text = f"{place.name} is not trusted: {why}. Stage what the commit is to hold."
            raise RequestError(text, code="untrusted_workspace")
        found = await asyncio.to_thread(repository, place.absolute, staged=staged)
        paths, kept_back = await self._sorted(place, await asyncio.to_thread(found.paths))
        if not paths:
            why = "Only secrets and ignored files are" if kept_back else "Nothing is"
            what = "staged: stage what the commit is to hold." if staged else "different from the latest commit."
            raise RequestError(f"{why} {what}", code="nothing_staged")
        chain = await self._chain()
        await self._check_budget()
        text, choice = await self._ask(chain, found, paths)
        return CommitMessage(text=text, model=choice.label, paths=paths, withheld=kept_back)

    async def _ask(self, chain: Chain, found: Repository, paths: tuple[str, ...]) -> tuple[str, ModelChoice]:
        differences = self._hide(await asyncio.to_thread(found.differences, paths[:_MOST_PATHS]))
        subjects = self._hide(await asyncio.to_thread(found.subjects, _SUBJECTS))

        async def ask(choice: ModelChoice) -> str:
            return await QuietCall(choice, self._usage, "", "").answer(commit_request(choice, differences, paths, subjects))

        answer, choice = await first_answer(chain, self._providers, ask)
        if not (text := cleaned(answer)):
            raise RequestError(f"{choice.label} answered nothing; try again, or set another small_model.", code="malformed_answers")
        return text, choice

    async def _sorted(self, place: Folder, paths: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Part the files that a model may be shown from those that it may not."""
        root = Path(place.absolute)
        hidden = {path: await self._withheld((root / path).as_uri()) is not None for path in paths}
        return tuple(path for path in paths if not hidden[path]), tuple(path for path in paths if hidden[path])

    async def _chain(self) -> Chain:
        settings, small = self._settings(), self._settings().small_model
        agent = "chat" if small is None else AGENT
        return await discovering(self._providers, lambda: chain_of(agent, settings, self._providers, asked=small))

    async def _check_budget(self) -> None:
        budget = self._settings().budget
        if budget.day_usd is None and budget.day_tokens is None:
            return
        spent = await self._usage.spent(since=today())
        is_spent = budget.day_usd is not None and (spent.usd or 0) >= budget.day_usd
        if is_spent or (budget.day_tokens is not None and spent.tokens >= budget.day_tokens):
            raise BudgetExhaustedError("The budget of this day is used up. Raise budget.day_usd or budget.day_tokens to go on.")

    def _folder(self, uri: str | None) -> Folder:
        folders = self._folders()
        found = [folder for folder in folders if uri is None or folder.uri.rstrip("/") == uri.rstrip("/")]
        if not found:
            raise InvalidParamsError(f"folder: {uri} is not a workspace folder." if uri is not None else "folder: no folder is open.")
        if uri is None and len(found) > 1:
            raise InvalidParamsError("folder: say which workspace folder's commit is meant.")
        return found[0]
