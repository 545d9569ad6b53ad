"""Does what a person posts to a channel itself: ``/compact``, ``/clear``, ``/restore``, ``/help``.

Such a post is a run of its own, with nothing in it but the command (`CommandRun`, which `agents.assembly` makes in the place of a team);
while a run goes on in the channel it is heard by `agents.loop` at the next boundary. No model is asked anything, but for a summary.
"""

from __future__ import annotations

from typing import assert_never

from coterie.agents.compacting import Compactor, answer
from coterie.agents.conversation import LiveConversation
from coterie.agents.live_run import LiveRun
from coterie.agents.replacing import Wish
from coterie.base.ids import new_id
from coterie.context.thread import standing, stretches_of
from coterie.domain.chat_commands import COMMANDS, ChatCommand
from coterie.domain.events import CompactionEvent
from coterie.domain.model_ports import ModelChoice
from coterie.domain.records import CompactionRecord, EventRecord, Record, RestoredRecord

NOT_NOW = "Not while a run goes on in this channel; post it again when it has ended."


class ChatCommands:
    """Does commands for one conversation."""

    def __init__(self, conversation: LiveConversation, compactor: Compactor) -> None:
        self._conversation = conversation
        self._compactor = compactor
        self._run = conversation.run

    async def do(self, command: ChatCommand, choice: ModelChoice, *, asked_by: str | None = None) -> None:
        """Do it, and answer the person. ``asked_by`` is the id of their message where the agent's conversation was to hear it."""
        match command.name:
            case "compact":
                await self._compactor.compact(choice, Wish(command.words, asked_by))
            case "clear":
                await self._clear(choice, asked_by)
            case "restore":
                await self._restore(asked_by)
            case "help":
                await self._answer("\n".join(f"- `{name}`: {text}" for name, text in COMMANDS.items()), *self._heard(asked_by))
            case _:
                assert_never(command.name)

    async def _clear(self, choice: ModelChoice, asked_by: str | None) -> None:
        talk = self._conversation
        thread = standing(talk.said, talk.compactions)
        if talk.task is not None:
            await self._answer(NOT_NOW, *self._heard(asked_by))
        elif not thread:
            await self._answer("Nothing was said yet.")
        else:
            record = CompactionRecord(
                compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, replaced=stretches_of(thread)
            )
            text = "Nothing of what was said before is sent any more; /restore brings it back."
            tokens = await self._compactor.tokens(thread, choice)
            told = CompactionEvent(
                compaction_id=record.compaction_id,
                step_id=record.step_id,
                text=text,
                messages=len(thread),
                outputs=0,
                tokens_before=tokens,
                tokens_after=0,
            )
            await self._answer("A new beginning.", record, EventRecord(event=told))

    async def _restore(self, asked_by: str | None) -> None:
        talk = self._conversation
        latest = next((each for each in reversed(talk.compactions) if each.replaced or each.pruned), None)
        if talk.task is not None:
            await self._answer(NOT_NOW, *self._heard(asked_by))
        elif latest is None:
            await self._answer("Nothing of this conversation was left out.")
        else:
            await self._answer("What was left out is sent again.", RestoredRecord(compaction_id=latest.compaction_id))

    def _heard(self, asked_by: str | None) -> tuple[CompactionRecord, ...]:
        """Return the record by which a running conversation knows that it has heard a message: one that takes nothing out of it."""
        if asked_by is None:
            return ()
        talk = self._conversation
        return (CompactionRecord(compaction_id=new_id("compaction"), step_id=talk.step_id, attempt=talk.attempt, asked_by=asked_by),)

    async def _answer(self, text: str, *records: Record) -> None:
        await self._run.record(*records, EventRecord(event=answer(text)))


class CommandRun:
    """A run that does one command. Implements `coterie.agents.run_ports.Walk`."""

    def __init__(self, run: LiveRun, commands: ChatCommands, command: ChatCommand, choice: ModelChoice) -> None:
        self._run = run
        self._commands = commands
        self._command = command
        self._choice = choice

    async def walk(self) -> None:
        """Do it, once: a run that is resumed behind its answer has nothing left to do."""
        if not self._run.history.answered:
            await self._commands.do(self._command, self._choice)
