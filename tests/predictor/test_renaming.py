"""Names of one place stand for those of another, whole and by their parts."""

import pytest

from coterie.predictor.renaming import Renaming, parts_of


@pytest.mark.parametrize(
    ("there", "here", "word", "expected"),
    [
        ("width", "height", "width", "height"),
        ("request_started", "request_finished", "started", "finished"),
        ("request_started", "request_finished", "onRequestStarted", "onRequestFinished"),
        ("request_started", "request_finished", "REQUEST_STARTED", "REQUEST_FINISHED"),
        ("CircleTest", "SquareTest", "circle", "square"),
        ("value1", "value2", "1", "2"),
        ("width", "height", "depth", None),
        ("width", "width", "depth", None),
        ("first", "very_last", "onFirst", None),
    ],
    ids=["whole", "a part", "in camel case", "in capitals", "a file's name", "a number", "another", "no difference", "of other lengths"],
)
def test_what_stands_for_a_word_follows_from_what_took_its_place(there: str, here: str, word: str, expected: str | None) -> None:
    renaming = Renaming()
    renaming.learn(there, here)
    assert renaming.renamed(word) == expected


def test_what_was_learned_first_stays() -> None:
    renaming = Renaming()
    renaming.learn("old_a", "new_b")
    renaming.learn("old_a", "other_c")
    renaming.learn("old", "other")
    assert (renaming.renamed("old_a"), renaming.renamed("a"), renaming.renamed("my_old")) == ("new_b", "b", "my_new")


@pytest.mark.parametrize(
    ("word", "parts"),
    [("HTTPServer_2", ["http", "server", "2"]), ("fooBar", ["foo", "bar"]), ("__init__", ["init"]), ("größe", ["größe"]), ("_", [])],
)
def test_a_name_is_made_of_parts(word: str, parts: list[str]) -> None:
    assert parts_of(word) == parts
