"""``coterie predict REPO_DIR``: answers each line of standard input with what the folder's own code would write next.

It is how anyone can measure the predictor, on any repository; it needs no model and no core. Blocks: nothing else runs meanwhile.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
from coterie.cli.answering import answer_lines
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Streams
from coterie.domain.wire import Json
from coterie.features.prediction import FolderPredictor
from coterie.features.suggestions.brackets import PAIRS, open_behind

_LINE_OF_ITS_OWN: Final = re.compile(r"\t| {2}| \*|[^\W\d]|[@#/]|\{[^\S\n]*(?:\n|$)")
"""How a line begins, and what is left of one behind a cursor hardly ever does."""
_CLOSING: Final = re.compile(r"[)\]}]|\"{3}|'{3}")


class Question(BaseModel):
    """A line of the input: the text of the file ``path`` before and behind the cursor."""

    model_config = ConfigDict(strict=True)

    path: Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]*$")]
    prefix: str
    suffix: str


def predict(arguments: Arguments, streams: Streams) -> int:
    """Answer each line with one line, whatever stands in it."""
    predictor = FolderPredictor(arguments.folder)
    answer_lines(streams, lambda asked: _answer(predictor, asked))
    return exits.OK


def _answer(predictor: FolderPredictor, asked: dict[str, Any]) -> Json:
    try:
        question = Question.model_validate(asked)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        raise InvalidParamsError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from wrong
    found = predictor.predict(question.path, question.prefix, _behind(question.prefix, question.suffix))
    return {"text": found.text, "score": round(found.score, 4)}


def _behind(prefix: str, suffix: str) -> str:
    """Return what stands behind the cursor with the end of its line, which is lost where a file was cut into lines and joined again.

    A cursor in a word, and what closes a bracket or string of its line, are what they look like.
    """
    amid_word = (prefix[-1:] + suffix[:1]).isidentifier() and len(suffix) > 0 < len(prefix)
    closing = _CLOSING.match(suffix)
    is_lost = not amid_word if closing is None else not _closes(closing.group(), prefix.rpartition("\n")[2])
    return f"\n{suffix}" if is_lost and (closing or _LINE_OF_ITS_OWN.match(suffix)) else suffix


def _closes(mark: str, line: str) -> bool:
    """Say whether a closing mark closes what a line has opened."""
    return any(PAIRS.get(opened[-1], opened) == mark for opened in open_behind(line))
