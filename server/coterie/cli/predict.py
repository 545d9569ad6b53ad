"""``coterie predict REPO_DIR``: answers each line of standard input with what the folder's own code would write next.

It is how anyone can measure the predictor, on any repository; it needs no model and no core. Blocks: nothing else runs meanwhile.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
from coterie.cli.answering import answer_lines
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import Streams
from coterie.domain.wire import Json
from coterie.features.prediction import FolderPredictor


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
    found = predictor.predict(question.path, question.prefix, question.suffix)
    return {"text": found.text, "score": round(found.score, 4)}
