"""What becomes of postings when files change."""

import pytest

from coterie.index.postings import ID_SHIFT, PostingChanges, packed, unpacked


def at(file: int, occurrence: int) -> int:
    return file << ID_SHIFT | occurrence


def test_a_term_that_stays_as_it_was_is_not_written() -> None:
    changes = PostingChanges()
    changes.note(7, {"same": 1, "more": 1, "gone": 1}, {"same": 1, "more": 2, "new": 1})
    assert changes.terms() == {"more", "gone", "new"}


def test_only_what_the_changed_file_held_is_replaced() -> None:
    changes = PostingChanges()
    changes.note(7, {"more": 1, "gone": 1}, {"more": 2})
    assert list(changes.after("more", [at(6, 5), at(7, 1)])) == [at(6, 5), at(7, 2)]
    assert list(changes.after("gone", [at(7, 1), at(8, 3)])) == [at(8, 3)]


def test_what_is_kept_comes_back_and_what_is_torn_is_refused() -> None:
    postings = [at(7, 1), at((1 << 32) - 1, (1 << 32) - 1)]
    assert list(unpacked(packed(postings))) == postings
    with pytest.raises(ValueError, match="bytes"):
        unpacked(packed(postings)[:-1])
