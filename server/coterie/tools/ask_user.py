"""``ask_user``: a question to the person."""

from __future__ import annotations

from typing import ClassVar

from typing_extensions import override

from coterie.domain.permissions import Effect
from coterie.domain.proposals import Proposal, QuestionProposal
from coterie.tools.tool import Arguments, BuiltinTool


class AskUserArguments(Arguments):
    """``options`` are answers to choose from."""

    question: str
    options: tuple[str, ...] = ()


class AskUser(BuiltinTool[AskUserArguments]):
    """Has no effect but the person's attention."""

    name: ClassVar[str] = "ask_user"
    description: ClassVar[str] = "Ask the user; only for what the files cannot tell."
    arguments = AskUserArguments

    @override
    def declare(self, arguments: AskUserArguments) -> tuple[Effect, ...]:
        """Touch nothing."""
        return ()

    @override
    async def work_out(self, arguments: AskUserArguments) -> Proposal:
        """Ask."""
        return QuestionProposal(arguments.question, arguments.options)
