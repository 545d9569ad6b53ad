"""``coterie predict REPO_DIR``: a question as JSON on each line of standard input, on each line back what the code there would write next.

It is how anyone can measure the predictor of ghost text, on any repository; ``benchmarks.prediction`` asks it within one process.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from coterie.base.errors import InvalidParamsError
from coterie.cli import exits
from coterie.cli.arguments import Arguments
from coterie.cli.terminal import JsonOutput, Streams
from coterie.features.prediction import FolderPredictor


class Question(BaseModel):
    """A line of the input: the text of the file ``path`` before and behind the cursor."""

    model_config = ConfigDict(strict=True)

    path: str
    prefix: str
    suffix: str


def predict(arguments: Arguments, streams: Streams) -> int:
    """Answer each line; one that is no question gets an error object, and the next is read."""
    output = JsonOutput(streams.stdout)
    predictor = FolderPredictor(arguments.folder)
    for line in streams.stdin:
        if not line.strip():
            continue
        try:
            question = Question.model_validate_json(line)
        except ValidationError as wrong:
            output.error(InvalidParamsError(_sentence(wrong)))
            continue
        found = predictor.predict(question.path, question.prefix, question.suffix)
        output.result({"text": found.text, "score": round(found.score, 4)})
    return exits.OK


def _sentence(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
