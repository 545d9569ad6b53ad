"""What of a model's answer is fit to be shown. Pure: an answer, so far, and the gap it is for.

``filling`` asks for the `progress` after each piece and stops the model at the first line or block that is whole; `judge` makes the
suggestion of what came, or says why there is none. ``chatter`` has cleaned the answer before; ``indenting`` puts it at its place,
``repeats`` and ``prose`` know what is worth nothing. Brackets are fitted later, when it is offered (``brackets``): what stands behind the
cursor may be another thing then.
"""

from __future__ import annotations

import re
from itertools import pairwise, takewhile
from typing import Final, Literal

from coterie.context.fill import TAB_SIZE, Extent, Gap, indentation
from coterie.features.suggestions.brackets import CLOSERS, QUOTES, awaited, fit, open_behind, scan
from coterie.features.suggestions.chatter import cleaned
from coterie.features.suggestions.gate import DUPLICATE, Refusal
from coterie.features.suggestions.indenting import BLANK_LINES, placed
from coterie.features.suggestions.languages import DATA, MARKUP, SHELLS, WORDS, comment_at, in_words, is_code, speaks
from coterie.features.suggestions.leaks import plain
from coterie.features.suggestions.prose import is_said, says_nothing, stands_for_code
from coterie.features.suggestions.repeats import LONGEST_LINE, goes_round, repeated_lines

Progress = Literal["begun", "line", "whole"]
"""Nothing that can be shown, at least a line of it, or all of it: nothing that follows could be shown."""

SHORTEST = 3
MOST_LINES = 24

EMPTY: Final = Refusal("filter", "empty", "The model has nothing to add here.")
LINE_FINISHED: Final = Refusal("filter", "line_finished", "The model takes the line for finished.")
REPETITION: Final = Refusal("filter", "repetition", "The model only repeated the line above.")
TOO_SHORT: Final = Refusal("filter", "too_short", f"Fewer than {SHORTEST} characters would be added.")
TOO_LONG: Final = Refusal("filter", "too_long", f"The model wrote a line of more than {LONGEST_LINE} characters.")
PROSE: Final = Refusal("filter", "prose", "The model said something instead of writing text.")
THOUGHTS: Final = Refusal("filter", "thoughts", "The model only thought about it.")
PLACEHOLDER: Final = Refusal("filter", "placeholder", "The model wrote a comment in place of the code.")
NOTICE: Final = Refusal("filter", "licence", "The model made up a licence or a copyright.")
UNFINISHED: Final = Refusal("filter", "unfinished", "What the model wrote does not fit into one line.")

_CLOSING_LINE = re.compile(r"(?:[\])}]+|end|fi|done|esac|</[\w.:-]*>)[;,)]*")
_CLOSER = re.compile(r"[\])}]|\w+|</[\w.:-]*>")
_NOTICE = re.compile(r"\W*(?:copyright|licen[sc]ed? |spdx-|all rights reserved|this file is part of|permission is hereby)", re.IGNORECASE)
_IMPORT = re.compile(r"\s*(?:import|from|use|using(?!\s+\w+\s*=)|require|require_once|include|#include|@import)\b")
_DEFINITION = re.compile(
    r"(?:(?:export|default|pub(?:\([\w ]+\))?|public|private|protected|static|async|final|abstract|internal|override|suspend|open)\s+)*"
    r"(?:def|class|function|fn|func|fun|struct|interface|enum|trait|module)\b\s*[A-Za-z(][^\n]*[:{)]"
)
_UNTOUCHED = re.compile(r"""\s*(?:[^\w\s"'`()\[\]{}]+[ \t]*)?""")
"""What a line begins with up to the text of a comment or the word of a directive: the blanks there are indentation, too."""
_BLANKS = re.compile(r"""("[^"]*"|'[^']*'|`[^`]*`)|((?<=\w)\s+(?=\w))|\s+""")
_GOES_ON = re.compile(r"[?%|^=>.,]|/(?![/*])|<(?!!)|[-+*&](?:[\s=]|$)|&&|->")
"""An operator between two values; without a blank behind it, one of these may as well begin a statement."""
_REST_TO_TELL: Final = 5
"""Characters of the line behind the cursor that are no coincidence in the middle of an answer."""


def progress(answer: str, gap: Gap, extent: Extent, *, language: str = "", path: str = "") -> Progress:
    """Return how far a model's answer has come."""
    text = cleaned(answer, gap, language, path)
    if enough(text, gap, extent, language) or plain(answer, gap, language).ended:
        return "whole"
    return "line" if placed(text, gap, language).rpartition("\n")[0].strip() else "begun"


def judge(answer: str, gap: Gap, extent: Extent, *, manual: bool, language: str = "", path: str = "") -> str | Refusal:
    """Return what of a model's answer is suggested, or why nothing is."""
    text = cleaned(answer, gap, language, path)
    found = refine(text, gap, extent, manual=manual, language=language)
    if found is not EMPTY or text.strip():
        return found
    wrote = plain(answer, gap, language)
    return THOUGHTS if wrote.thinking else PROSE if wrote.text.strip() else EMPTY


def enough(text: str, gap: Gap, extent: Extent, language: str = "") -> bool:
    """Say whether what came is whole: nothing that follows could be shown."""
    at_place = placed(text, gap, language)
    if _limit(at_place, gap, language) < len(at_place):
        return True
    return "\n" in at_place or _ends_line(text, gap) if extent == "line" else _block(at_place.rpartition("\n")[0], gap, language)[1]


def refine(text: str, gap: Gap, extent: Extent, *, manual: bool, language: str = "", foretold: bool = False) -> str | Refusal:
    """Return the suggestion, or why there is none. What is ``foretold`` from the project's own lines is nothing that a model says."""
    at_place = placed(text, gap, language)
    if extent == "line" and _ends_line(text, gap):
        return LINE_FINISHED
    limit = _limit(at_place, gap, language)
    whole = at_place[:limit]
    kept = whole.partition("\n")[0] if extent == "line" else _block(whole, gap, language)[0]
    if (kept != whole or limit == len(at_place)) and not (kept == whole and _ends_in_blank(kept, gap)):
        kept = kept.rstrip()  # else a blank may belong in front of what stands there
    if not kept.strip():
        return EMPTY
    worthless = _worthless(kept, gap, language) or (None if foretold else _talk(kept, gap, language, manual=manual))
    if worthless is not None:
        return worthless
    unlike = _without_suffix(kept, gap, language)
    if not gap.line_after[:1].strip():
        unlike = unlike.rstrip()
    if gap.line_after.strip():
        unlike = _before_comment(unlike, gap, language)
    if not unlike.strip() or _doubles_below(unlike, gap, language):
        return DUPLICATE
    if gap.line_after.strip() and (_leaves_open(unlike, gap, language) or _ends_before_rest(unlike, gap, language)):
        return UNFINISHED
    return TOO_SHORT if not manual and len(unlike.strip()) < SHORTEST else unlike


def _ends_line(text: str, gap: Gap) -> bool:
    return bool(gap.line_before.strip()) and BLANK_LINES.match(text) is not None


def _ends_in_blank(text: str, gap: Gap) -> bool:
    """Say whether the blank at the end of a text belongs before the half that the editor has set behind the cursor."""
    if not text.endswith(" ") or text.endswith("  ") or not gap.line_after.startswith(("}", '"', "'")):
        return False
    left = scan(text, gap.line_before).opened
    return bool(left) and (left[-1][0] in QUOTES or "{ " in gap.line_before)


def _worthless(kept: str, gap: Gap, language: str) -> Refusal | None:
    """Say what is wrong with the first line, or the longest, if that makes all of it worthless."""
    first = kept.strip().partition("\n")[0]
    whole = first if kept.startswith("\n") else (gap.line_before + first).strip()
    if _is_there(whole, gap, language) or goes_round(first):
        return REPETITION
    return TOO_LONG if max(map(len, kept.split("\n"))) > LONGEST_LINE else None


def _talk(kept: str, gap: Gap, language: str, *, manual: bool) -> Refusal | None:
    """Say whether the first line is something that models say in place of code."""
    if speaks(gap, language):
        return None
    first = kept.strip().partition("\n")[0]
    if is_code(language) and is_said(first):
        return PROSE
    if is_code(language) and not gap.line_before.strip() and says_nothing(kept):
        return PROSE
    is_remark = comment_at(first, language) == 0 or first.startswith(("/*", "<!--"))
    if is_remark and not gap.prefix.strip() and any(map(_NOTICE.match, kept.split("\n"))):
        return NOTICE
    amid_line = bool(gap.line_before.strip()) and not kept.startswith("\n")
    return PLACEHOLDER if stands_for_code(first) or (is_remark and amid_line and not manual) else None


def _is_there(line: str, gap: Gap, language: str) -> bool:
    """Say whether a line is the one above again, or an import that the file has."""
    if line == gap.above.strip() and gap.above.strip(" \t])};,"):
        return True
    # Each example of a page is a file of its own.
    if language not in WORDS and _DEFINITION.fullmatch(line) is not None and not _is_decorated(gap) and _is_defined(line, gap):
        return True
    around = gap.prefix.split("\n")[:-1] + gap.suffix.split("\n")[1:]
    return _IMPORT.match(line) is not None and any(line == other.strip() for other in around)


def _is_decorated(gap: Gap) -> bool:
    """Say whether a decorator or an attribute stands right above the cursor's line, be it of several lines."""
    depth = indentation(gap.line_before)
    above = takewhile(str.strip, reversed(gap.prefix.split("\n")[:-1]))
    first = next((line.strip() for line in above if indentation(line) == depth and line.strip()[0] not in ")]}"), "")
    return first.startswith(("@", "#["))


def _is_defined(definition: str, gap: Gap) -> bool:
    """Say whether what the cursor stands in has this definition already; what is decorated may be one of several (``@overload``)."""
    depth = indentation(gap.line_before)
    above = list(takewhile(lambda line: not line.strip() or indentation(line) >= depth, reversed(gap.prefix.split("\n")[:-1])))
    below = list(takewhile(lambda line: not line.strip() or indentation(line) >= depth, gap.suffix.split("\n")[1:]))
    lines = [*reversed(above), "", *below]
    return any(
        line.strip() == definition and indentation(line) == depth and not ahead.lstrip().startswith(("@", "#"))
        for ahead, line in pairwise(["", *lines])
    )


def _limit(text: str, gap: Gap, language: str) -> int:
    """Return how far a text goes before it closes what is not open, or comes to the rest of the cursor's line."""
    limit = len(text)
    if language not in MARKUP | SHELLS | DATA and not speaks(gap, language):
        limit = awaited(text, gap)
    after = gap.line_after.strip()
    place = text.find(after, 0, limit) if len(after) >= _REST_TO_TELL and any(map(str.isalnum, after)) else -1
    is_rest = place >= 0 and scan(text[:place], gap.line_before).opened == open_behind(gap.line_before)
    return place if is_rest else limit


def _block(text: str, gap: Gap, language: str) -> tuple[str, bool]:
    """Cut the text where the cursor's block ends; say whether it ended there."""
    opener = "" if language in WORDS else gap.opener
    floor = indentation(opener) if opener else indentation(gap.line_before) - 1
    if language == "yaml" and text.lstrip().startswith("- ") and opener:
        floor -= 1  # items may stand right below their key
    kept: list[str] = []
    lines = text.split("\n")
    went_deeper = False
    for number, line in enumerate(lines):
        if number and line.strip():
            if indentation(line) <= floor:
                if _CLOSING_LINE.fullmatch(line.strip()) and indentation(line) == floor and not _is_closed_by(gap.below, line):
                    kept.append(line)
                return "\n".join(kept), True
            if line.rstrip() == gap.below.rstrip() or _is_no_code(line, kept, gap, language):
                return "\n".join(kept), True
            base = indentation(gap.line_before + lines[0])
            if not opener and went_deeper and indentation(line) <= base and not kept[-1].strip():
                return "\n".join(kept), True  # the next definition
            went_deeper = went_deeper or indentation(line) > base
        kept.append(line)
        if surplus := repeated_lines([gap.line_before + kept[0], *kept[1:]]):
            return "\n".join(kept[:-surplus]), True
        if len(kept) == MOST_LINES:
            return "\n".join(kept), True
    return "\n".join(kept), False


def _is_closed_by(below: str, line: str) -> bool:
    """Say whether the line below closes what a line closes: it is as deep, and begins with the same."""
    closer, there = _CLOSER.match(line.lstrip()), _CLOSER.match(below.lstrip())
    return indentation(line) == indentation(below) and closer is not None and there is not None and closer.group() == there.group()


def _is_no_code(line: str, kept: list[str], gap: Gap, language: str) -> bool:
    """Say whether a line of a block is said to the person, or stands for code that is not there."""
    said = is_code(language) and not line[:1].isspace() and is_said(line)
    return (said or stands_for_code(line)) and not in_words(gap.prefix + "\n".join([*kept, ""]), language)


def _without_suffix(text: str, gap: Gap, language: str) -> str:
    """Cut off what stands behind the cursor already: the rest of its line, or the next line."""
    text = _without_rest(text, gap.line_before, gap.line_after.rstrip())
    lines = text.split("\n")
    for number, line in enumerate(lines):
        whole = gap.line_before + line if number == 0 else line
        if gap.below and _is_same(whole, gap.below, language):
            return "\n".join(lines[:number])
    return text


def _without_rest(text: str, line_before: str, after: str) -> str:
    """Cut off the rest of the cursor's line at the end of ``text``, and what follows its brackets, which may be the text's own."""
    for length in range(len(after), 0, -1):
        again = after[:length]
        # A few characters of a longer rest may be there by chance, not behind a closing bracket; brackets alone are fitted later.
        enough_to_tell = length >= SHORTEST or again == after or after[0] in CLOSERS
        if enough_to_tell and text.endswith(again) and not CLOSERS.issuperset(again) and _stands_alone(text, length, line_before):
            return text[:-length]
    if after[:1] in (";", ",") and text.endswith(after[0]):
        return text[:-1]
    behind = after.lstrip("".join(CLOSERS))
    if behind != after and behind in (";", ",", ":") and text.endswith(behind):
        return text[: -len(behind)]
    return text


def _stands_alone(text: str, length: int, line_before: str) -> bool:
    """Say whether the last characters close nothing that the text itself has opened."""
    rest, tail = text[:-length], text[-length:]
    if tail.startswith(">"):
        plain = re.sub(r"[-=]>|<=|>=", "", text)
        return plain.count(">") > plain.count("<") or "</" in tail
    return not scan(rest, line_before).own


def _before_comment(text: str, gap: Gap, language: str) -> str:
    """Cut off a comment that would swallow the rest of the line."""
    at = comment_at(gap.line_before + text, language)
    return text if at is None or at < len(gap.line_before) else text[: at - len(gap.line_before)].rstrip()


def _leaves_open(text: str, gap: Gap, language: str) -> bool:
    """Say whether a text that goes into a line opens a bracket there that nothing closes."""
    if not is_code(language) or speaks(gap, language):
        return False
    fitted = fit(text, gap.line_before, gap.line_after)
    opened = scan(fitted.text, gap.line_before).opened[len(open_behind(gap.line_before)) :]
    left_open = scan(gap.line_after[fitted.covered :], gap.line_before + fitted.text).opened
    return bool(opened) and len(left_open) > len(scan(gap.line_after, gap.line_before).opened)


def _ends_before_rest(text: str, gap: Gap, language: str) -> bool:
    """Say whether a text ends the statement of which an operator goes on behind the cursor."""
    after = gap.line_after.strip()
    if not is_code(language) or not text.rstrip().endswith(";") or _GOES_ON.match(after) is None or comment_at(after, language) is not None:
        return False
    return "(" not in scan(text, gap.line_before).opened  # where a semicolon parts what a loop does


def _is_same(line: str, other: str, language: str) -> bool:
    """Say whether two lines are equal, or differ in nothing but blanks that mean nothing: between words, in strings and ahead they do."""
    if line.rstrip() == other.rstrip():
        return True
    return is_code(language) and language not in SHELLS and _essence(line) == _essence(other)


def _essence(line: str) -> str:
    begun = _UNTOUCHED.match(line)
    at = begun.end() if begun is not None else 0
    return line[:at].expandtabs(TAB_SIZE) + _BLANKS.sub(lambda found: found[1] or (" " if found[2] else ""), line[at:].rstrip())


def _doubles_below(text: str, gap: Gap, language: str) -> bool:
    """Say whether the last line of the text, as it will be in the document, is the next one's double."""
    fitted = fit(text, gap.line_before, gap.line_after)
    last = fitted.text.rpartition("\n")[2] if "\n" in fitted.text else gap.line_before + fitted.text
    return bool(gap.below) and _is_same(last + gap.line_after[fitted.covered :], gap.below, language)
