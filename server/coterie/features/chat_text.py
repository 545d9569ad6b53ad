"""The text of a chat document: what the person wrote for sending, and where an answer goes. Pure.

A document is Markdown: a title, then sections headed ``## You`` and ``## Coterie`` in turn. What stands under the last heading, when it is
``## You``, is the draft. Lines of a draft may look like such headings, in code for example: which heading is the draft's own is known from
the turns that the document shows. Everything here takes the text as it is at that moment, whatever the person did to it meanwhile, and only
inserts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

YOU: Final = "## You"
COTERIE: Final = "## Coterie"
INTRODUCTION: Final = "*Write under the last “You”, then choose “Send”: a code lens, a code action, or the command `coterie.send`.*"
_HEADINGS: Final = re.compile(r"^## (You|Coterie)[ \t\r]*$", re.MULTILINE)
_LOOKALIKE: Final = re.compile(r"^##(?= (?:You|Coterie)[ \t\r]*$)", re.MULTILINE)
_DEFUSED: Final = re.compile(r"^### (?:You|Coterie)[ \t]*$", re.MULTILINE)
"""What `without_headings` makes of such a line."""
_FENCE: Final = "```"


def begun(title: str) -> str:
    """Return an empty chat."""
    return f"# {title}\n\n{INTRODUCTION}\n"


def whole(title: str, turns: Sequence[tuple[str, str]]) -> str:
    """Return a chat that is only read: all that was said with the answer to it, and no place to write."""
    parts = [f"# {title}"]
    for said, answer in turns:
        parts += [f"{heading}\n\n{text}" for heading, text in ((YOU, said), (COTERIE, answer)) if text]
    return "\n\n".join(parts) + "\n"


def without_headings(text: str) -> str:
    """Return a text in which no line looks like one of our headings."""
    return _LOOKALIKE.sub("###", text)


def last_heading(text: str, turns: Sequence[tuple[str, str]] | None = None) -> re.Match[str] | None:
    """Return the last of our headings.

    ``turns`` is what was said with the answer to it, as the document shows it: a heading below the draft's own is the person's text then.
    """
    headings = list(_HEADINGS.finditer(text))
    shown, end = (None, len(text)) if turns is None else _last_turn(text, turns)
    after = next((heading for heading in headings if heading.start() >= end), None)
    if after is not None and after[1] == "You":
        return after
    return shown if shown is not None and after is None else headings[-1] if headings else None


def draft_of(text: str, turns: Sequence[tuple[str, str]] | None = None) -> str | None:
    """Return what the person wrote for sending; None when the last word is Coterie's. ``turns`` are as for `last_heading`."""
    heading = last_heading(text, turns)
    return text[heading.end() :].strip() if heading is not None and heading[1] == "You" else None


def around_draft(text: str, turns: Sequence[tuple[str, str]] | None, change: Callable[[str], str]) -> str:
    """Change a text in which the draft has no line that looks like a heading; what is the draft after it as before gets them back."""
    heading = last_heading(text, turns)
    if heading is None or heading[1] != "You":
        return change(text)
    draft = text[heading.end() :]
    changed = change(text[: heading.end()] + without_headings(draft))
    plain, raw = without_headings(draft).strip(), draft.strip()
    if plain == raw or not (draft_of(changed) or "").startswith(plain):
        return changed
    last = last_heading(changed)
    at = changed.index(plain, last.end() if last is not None else 0)
    return f"{changed[:at]}{raw}{changed[at + len(plain) :]}"


def with_heading(text: str) -> str:
    """Return the text with a place to write at its end."""
    return text if draft_of(text) is not None else f"{_parted(text)}{YOU}\n\n"


def with_draft(text: str, draft: str) -> str:
    """Return the text with more to send at its end."""
    text = with_heading(text)
    return f"{_parted(text)}{draft.rstrip()}\n\n" if draft_of(text) else f"{text.rstrip()}\n\n{draft.rstrip()}\n\n"


def with_said(text: str, said: str) -> str:
    """Return the text with something that the person said, perhaps in another editor. A draft of something else stays the last."""
    if _said_in(text)[-1:] == [said]:
        return text
    heading, draft = last_heading(text), draft_of(text)
    if heading is None or draft is None:
        return f"{_parted(text)}{YOU}\n\n{said}\n"
    if not draft:
        return f"{text.rstrip()}\n\n{said}\n"
    return f"{text[: heading.start()]}{YOU}\n\n{said}\n\n{text[heading.start() :]}"


def with_answer(text: str, said: str, before: str, now: str) -> str:
    """Return the text in which the answer to ``said``, that read ``before`` when it was last written, reads ``now``, which begins with it.

    What is there already is not written again, so that this can be done twice. An answer that the person has edited goes on at the end of
    its section; one that they have taken away, with undo for example, is written anew: its rest would read like words of theirs.
    """
    at = _end_of(text, said)
    if before:
        block = f"{COTERIE}\n\n{before}"
        if (start := f"\n{text}".rfind(f"\n{block}")) >= 0:  # at the beginning of a line
            return _grown(text, start + len(block), now[len(before) :])
        if (end := _end_of_answer(text, at)) is not None:
            head = text[:end].rstrip()
            return head + now[len(before) :] + text[len(head) :]
    block = f"{COTERIE}\n\n{now}"
    if text.startswith(COTERIE, at):
        there = text[at : _next_heading(text, at + 1)].rstrip()
        if there.startswith(block) or block.startswith(there):
            return _grown(text, at, block)
    head = text[:at].rstrip()
    return f"{head}\n\n{block}{text[len(head) :]}"


def shown_in(text: str, turns: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the answers of those turns that a text shows, which was written by somebody else: before a restart, or in another editor.

    Turns are what was said with the answer to it. The last one that is there tells how far the text goes.
    """
    said_there = {*_said_in(text), *(said for said, _ in turns if _DEFUSED.search(said) and said in _drafts_in(text))}
    there = [said in said_there if said else bool(answer) and answer in text for said, answer in turns]
    count = max((number for number, is_there in enumerate(there, start=1) if is_there), default=0)
    return tuple(answer if number < count or answer in text else "" for number, (_, answer) in enumerate(turns[:count], start=1))


def _last_turn(text: str, turns: Sequence[tuple[str, str]]) -> tuple[re.Match[str] | None, int]:
    """Return the heading and the end of the last turn that a text shows; of a text that shows none of the turns, no more than its end."""
    last: re.Match[str] | None = None
    end = 0
    for said, answer in turns:
        if said and (found := _said_behind(text, end, said)) is not None:
            last, end = found
            following = _HEADINGS.search(text, end)
            if answer and following is not None and following[1] == "Coterie":
                last, end = following, _next_heading(text, following.end())  # however the person has edited it
                continue
        if answer and (place := f"\n{text}".find(f"\n{COTERIE}\n\n{answer}", end)) >= 0:
            last, end = _HEADINGS.match(text, place), place + len(f"{COTERIE}\n\n{answer}")
    return last, len(text) if turns and last is None else end


def _said_behind(text: str, after: int, said: str) -> tuple[re.Match[str], int] | None:
    """Return the heading under which something was said, and where it ends, also where its lines look like headings."""
    for heading in _HEADINGS.finditer(text, after):
        start = len(text) - len(text[heading.end() :].lstrip())
        lines = text[start : _end_of_line(text, start + len(said))]  # enough of them: what was said is longer where headings were taken out
        if heading[1] == "You" and without_headings(lines).startswith(said):
            begins = [found.start() for found in _LOOKALIKE.finditer(lines)]
            return heading, start + len(said) - sum(begin + number < len(said) for number, begin in enumerate(begins))
    return None


def _end_of_line(text: str, at: int) -> int:
    """Return where the line of a place ends."""
    return end if (end := text.find("\n", at)) >= 0 else len(text)


def _sections(text: str) -> list[tuple[str, str, int]]:
    """Return whose section it is, what stands in it, and where it ends, for each section."""
    headings = list(_HEADINGS.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)][: len(headings)]
    return [(heading[1], text[heading.end() : end].strip(), end) for heading, end in zip(headings, ends, strict=True)]


def _said_in(text: str) -> list[str]:
    """Return what stands in the sections of the person."""
    return [body for whose, body, _ in _sections(text) if whose == "You"]


def _drafts_in(text: str) -> list[str]:
    """Return what would have been said under each heading of the person if all headings below it were words of theirs."""
    return [without_headings(text[heading.end() :]).strip() for heading in _HEADINGS.finditer(text) if heading[1] == "You"]


def _end_of(text: str, said: str) -> int:
    """Return where the section ends in which something was said; one to which the person has added since counts too.

    Where nothing was said, or it is gone: before the draft, else at the end.
    """
    yours = [(body, end) for whose, body, end in _sections(text) if whose == "You"]
    exactly = [end for body, end in yours if said and body == said]
    begun = [end for body, end in yours if said and body.startswith(said)]
    heading = last_heading(text)
    otherwise = heading.start() if heading is not None and heading[1] == "You" else len(text)
    return (exactly or begun or [otherwise])[-1]


def _end_of_answer(text: str, at: int) -> int | None:
    """Return where the answer's section ends that begins, or else ends, at a place; None where there is no section of an answer."""
    if text.startswith(COTERIE, at):
        return _next_heading(text, at + 1)
    before = last_heading(text[:at])
    return at if before is not None and before[1] == "Coterie" else None


def _next_heading(text: str, after: int) -> int:
    """Return where the next section begins, or the end."""
    return heading.start() if (heading := _HEADINGS.search(text, after)) is not None else len(text)


def _grown(text: str, at: int, more: str) -> str:
    """Return the text with ``more`` at a place, or with the rest of it where somebody has written a part already."""
    if text.startswith(more, at):
        return text
    there = text[at : _next_heading(text, at + 1)].rstrip()
    if not more.startswith(there):
        there = ""
    return text[: at + len(there)] + more[len(there) :] + text[at + len(there) :]


def quoted(code: str, where: str, language: str) -> str:
    """Return a piece of code as something to ask about."""
    fence = _FENCE
    while fence in code:
        fence += "`"
    return f"{where}:\n\n{fence}{language}\n{code.rstrip()}\n{fence}\n"


def _parted(text: str) -> str:
    """Return the text with an empty line at its end."""
    return text if not text or text.endswith("\n\n") else text + ("\n" if text.endswith("\n") else "\n\n")
