"""What somebody wants to do, what a person is to be asked about it, and what came of that.

`agents.calls` and `agents.external` say what is wanted, `agents.approvals` judges it and asks, `agents.proposing` shows what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass

from coterie.agents.lasting import EVERY_EDIT, rules_of
from coterie.domain.permissions import Effect


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may go on; ``reason`` is worded for the model when it may not.

    ``rejected`` says that a person said no to it, ``put_off`` that they closed the question without a word: of a call that is a no, of
    what stays proposed it is none. Else nobody said anything who could, or a rule did.
    """

    allowed: bool
    reason: str = ""
    rejected: bool = False
    put_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to do.

    ``writes``, where set, are the only paths that they may write. ``confined`` is False for commands that run outside of our sandbox,
    wherever there is one. An edit, as ``is_edit`` says, can be shown before it is made; of one that is ``judged`` nothing else is left to
    ask.
    """

    title: str
    effects: tuple[Effect, ...]
    writes: tuple[str, ...] = ()
    confined: bool = True
    is_edit: bool = False
    judged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a person is to be asked for, before what is ``wanted`` may happen: all ``effects`` of it that wait for their word.

    ``by_rule`` says that rules, or what holds without any, ask for them; else they are asked for because edits are shown first.
    """

    wanted: Wanted
    effects: tuple[Effect, ...]
    by_rule: bool

    @property
    def is_about_an_edit(self) -> bool:
        """Whether a person is asked for the writing of files itself, so that what would be written can be shown to them."""
        return self.wanted.is_edit and any(effect.kind == "write" for effect in self.effects)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules of an answer that lasts; none where none could say it."""
        return rules_of(self.effects) if self.by_rule else (EVERY_EDIT,)
