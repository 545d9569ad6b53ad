"""What is shown of a text that is too long, and whether a text is still the one that was shown."""

import pytest

from coterie.context.cutting import bounded, cut_of, has_changed

TEXT = "a line\n" * 100 + "end\n"


@pytest.mark.parametrize(("text", "most"), [(TEXT, 200), ("x" * 500, 200), ("// made\n" + "x" * 500, 200)], ids=["lines", "a line", "both"])
def test_a_text_that_is_cut_says_how_much_of_it_is_shown(text: str, most: int) -> None:
    cut = cut_of(bounded(text, most))
    assert cut is not None
    shown, length = cut
    assert (length, text.startswith(bounded(text, most)[:shown])) == (len(text), True)
    assert most // 2 <= shown <= most
    assert cut_of(text) is None
    assert bounded(text, len(text)) == text


@pytest.mark.parametrize("before", [None, 400, 300, 5])
@pytest.mark.parametrize("now", [None, 400, 300, 5])
def test_a_text_is_the_same_however_much_of_it_is_shown(before: int | None, now: int | None) -> None:
    text = TEXT.rstrip()

    def sent(whole: str, most: int | None) -> str:
        return (whole if most is None else bounded(whole, most)).rstrip()

    assert not has_changed(sent(text, before), sent(text, now))
    assert has_changed(sent(text, before), sent(text + "more", now))
    assert has_changed(sent(text, before), sent("b" + text[1:], now))
    assert has_changed(sent(text, before), "[there is no such file]")


def test_only_what_is_sent_is_compared() -> None:
    assert not has_changed("a\nb", "a\nb\n")
    assert has_changed("a\nb", "a\nc\n")
