"""What a chat document is to show, and what it shows: the turns of a channel laid over a text. Pure.

``chat_documents`` makes a `View` of its transcript for each write, each draft that is sent, and each look for the place of the draft; what
is where in the text is ``chat_text``'s business.
"""

from __future__ import annotations

from dataclasses import dataclass

from coterie.features import chat_text


@dataclass(frozen=True, slots=True)
class Told:
    """A turn as it is now; ``is_own`` says that it was said in the document, so that it stands there by itself."""

    said: str
    answer: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class View:
    """The turns that a document is to show; ``written`` are the answers that it showed last, None while nobody has looked."""

    turns: tuple[Told, ...]
    written: tuple[str, ...] | None

    def turns_in(self, text: str) -> list[tuple[str, str]] | None:
        """Return what is said in the text, with the answers as it shows them; None where it shows nothing of what was said."""
        there = self._answers_in(text)
        found = [
            (turn.said, there[number] if number < len(there) else "")
            for number, turn in enumerate(self.turns)
            if number < len(there) or turn.is_own
        ]
        return found if found or not self.turns else None

    def up_to_date(self, text: str) -> str:
        """Return the text with every turn in it."""
        there = self._answers_in(text)
        for number, turn in enumerate(self.turns):
            is_new = number >= len(there)
            if is_new and turn.said and not turn.is_own:
                text = chat_text.with_said(text, turn.said)
            before = "" if is_new else there[number]
            if turn.answer and turn.answer != before:
                text = chat_text.with_answer(text, turn.said, before, turn.answer)
        return text

    def _answers_in(self, text: str) -> tuple[str, ...]:
        if self.written is not None:
            return self.written
        return chat_text.shown_in(text, [(turn.said, turn.answer) for turn in self.turns])
