"""What of a model's answer may be shown, case by case: ``corpus/*.toml``, which the first of them explains."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from coterie.context.fill import extent_of, gap_at
from coterie.features.suggestions.brackets import fit
from coterie.features.suggestions.filters import judge, progress
from coterie.features.suggestions.gate import Refusal

FILES = sorted((Path(__file__).parent / "corpus").glob("*.toml"))
CASES: list[dict[str, Any]] = [case for file in FILES for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]]
LANGUAGES = {
    "c",
    "cpp",
    "csharp",
    "css",
    "go",
    "html",
    "java",
    "javascript",
    "json",
    "kotlin",
    "lua",
    "markdown",
    "php",
    "python",
    "ruby",
    "rust",
    "shellscript",
    "sql",
    "swift",
    "typescript",
    "typescriptreact",
    "yaml",
}
CURSOR = "‸"


def outcome(case: dict[str, Any], answer: str) -> str:
    """Return the text after accepting what is suggested, or the code of the reason for suggesting nothing."""
    before, cursor, after = case["text"].partition(CURSOR)
    assert cursor, "the text has a cursor"
    gap, manual = gap_at(before + after, len(before)), case.get("manual", False)
    found = judge(answer, gap, extent_of(gap, manual=manual), manual=manual, language=case["language"], path=case.get("path", ""))
    if isinstance(found, Refusal):
        return f"{found.stage}/{found.reason}"
    fitted = fit(found, gap.line_before, gap.line_after)
    return f"{before}{fitted.text}{after[fitted.covered :]}"


def expected(case: dict[str, Any]) -> str:
    """Return what should come of a case."""
    assert ("becomes" in case) != ("refused" in case), "a case says what is shown or why nothing is"
    return str(case["becomes"]) if "becomes" in case else f"filter/{case['refused']}"


@pytest.mark.parametrize("case", CASES, ids=[f"{case['language']}: {case['name']}" for case in CASES])
def test_only_this_may_be_shown(case: dict[str, Any]) -> None:
    assert outcome(case, case["answer"]) == expected(case)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['language']}: {case['name']}" for case in CASES])
def test_a_model_that_is_stopped_as_soon_as_there_is_enough_has_said_the_same(case: dict[str, Any]) -> None:
    before, _, after = case["text"].partition(CURSOR)
    gap, answer = gap_at(before + after, len(before)), case["answer"]
    extent = extent_of(gap, manual=case.get("manual", False))
    told = {"language": case["language"], "path": case.get("path", "")}
    heard = next((answer[:length] for length in range(1, len(answer)) if progress(answer[:length], gap, extent, **told) == "whole"), answer)
    assert outcome(case, heard) == expected(case), f"it was stopped at {heard!r}"


def test_the_corpus_is_wide() -> None:
    assert len(CASES) >= 150
    assert {case["language"] for case in CASES} >= LANGUAGES
    names = Counter((case["language"], case["name"]) for case in CASES)
    assert [name for name, times in names.items() if times > 1] == []
    assert sum("becomes" in case for case in CASES) >= 100, "what is good has to come through"
