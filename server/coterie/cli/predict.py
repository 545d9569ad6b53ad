"""``coterie predict REPO_DIR``: answers each line of standard input with what the folder's own code would write next.

It is how anyone can measure the predictor, on any repository; it needs no model and no core. Blocks: nothing else runs meanwhile.
"""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
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
    if (reconfigure := getattr(streams.stdin, "reconfigure", None)) is not None:
        reconfigure(encoding="utf-8", errors="replace")
    predictor = FolderPredictor(arguments.folder)
    for line in streams.stdin:
        streams.stdout.write(json.dumps(_answer(predictor, line)) + "\n")
        streams.stdout.flush()
    return exits.OK


def _answer(predictor: FolderPredictor, line: str) -> Json:
    try:
        question = Question.model_validate_json(line)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return {"error": {"code": InvalidParamsError.code, "message": f"{where}: {first['msg']}" if where else first["msg"]}}
    found = predictor.predict(question.path, question.prefix, question.suffix)
    return {"text": found.text, "score": round(found.score, 4)}
