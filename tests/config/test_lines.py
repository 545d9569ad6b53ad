"""The line of each key, in every spelling that TOML has."""

import tomllib
from typing import Any

import pytest

from coterie.config.lines import key_lines

TEXT = '''# a comment
top = 1
[table]
many = [
  "a", # ]
  "[not.a.table]",
]
text = """
fake = 1
[fake]
"""
"quoted.key" = { inner = 1, deep.er = 2 }
dotted.key = 'x'

  [ table . "sub table" ]
  a = 1
[[array.tables]]
b = 2
[[array.tables]]
b = 3
c = 4'''


def test_a_value_of_many_lines_costs_no_trial_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    trials: list[int] = []
    loads = tomllib.loads

    def counted(text: str) -> dict[str, Any]:
        trials.append(len(text))
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    plain, trap = "1,\n" * 2_000, "[],\n" * 2_000
    assert key_lines(f"a = [\n{plain}]\nb = 1\n") == {("a",): 1, ("b",): 2_003}
    assert len(trials) == 4  # of which one is the empty line at the end
    assert key_lines(f"b = 1\na = [\n{trap}]\nc = 1\n") == {("b",): 1}
    assert sum(trials) < 1_000_000


def test_every_key_has_the_line_where_it_begins() -> None:
    assert key_lines(TEXT) == {
        ("top",): 2,
        ("table",): 3,
        ("table", "many"): 4,
        ("table", "text"): 8,
        ("table", "quoted.key"): 12,
        ("table", "quoted.key", "inner"): 12,
        ("table", "quoted.key", "deep"): 12,
        ("table", "quoted.key", "deep", "er"): 12,
        ("table", "dotted"): 13,
        ("table", "dotted", "key"): 13,
        ("table", "sub table"): 15,
        ("table", "sub table", "a"): 16,
        ("array",): 17,
        ("array", "tables"): 17,
        ("array", "tables", "b"): 18,
        ("array", "tables", "c"): 21,
    }


def test_no_key_is_missing() -> None:
    def paths(value: Any, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
        if isinstance(value, list):
            return {path for item in value for path in paths(item, above)}
        if not isinstance(value, dict):
            return set()
        return {path for key in value for path in {(*above, key), *paths(value[key], (*above, key))}}

    assert set(key_lines(TEXT)) == paths(tomllib.loads(TEXT))
