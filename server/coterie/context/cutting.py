"""Fits texts of others into a request: what is too long is cut, and nothing can say where the element ends that it stands in. Pure.

``rules`` and ``collect`` cut what they read to what may be sent of one file, ``admitting`` cuts that again to the room in a window. How a
text begins is kept, and a sentence behind it says what is missing. Whoever puts a text between tags has it `enclosed`.
"""

from __future__ import annotations

import re

ABOUT_A_CUT = 120
"""Bytes of the sentence behind what is cut."""
_CUT = re.compile(r"\[… cut here[^:\n]*: (?P<kept>\d+) of (?P<all>\d+) characters; read_file has the rest\]\Z")


def enclosed(text: str, *names: str) -> str:
    """Return a text to stand in elements of these names, which it cannot close: what a file says would else pass for what a person says."""
    return re.sub(rf"</(?=(?:{'|'.join(names)})>)", r"<\\/", text)


def cut_at_line(text: str, limit: int) -> str:
    """Return the whole lines of ``text`` that fit into ``limit`` characters."""
    return text if len(text) <= limit else text[: text.rfind("\n", 0, limit) + 1]


def bounded(text: str, most: int) -> str:
    """Return how a text begins, in at most ``most`` characters; one that was cut before is cut anew, and still says how long it was."""
    if len(text) <= most:
        return text
    length = len(text)
    if (cut := _CUT.search(text)) is not None:  # it was cut before, for more room
        text, length = text[: cut.start()], int(cut["all"])
    kept, where = cut_at_line(text, most), ""
    if len(kept) < most // 2:  # a line so long that whole ones would show little, or nothing
        kept, where = text[:most], ", inside a line"
    end = "\n" if kept and where else ""
    return f"{kept}{end}[… cut here{where}: {len(kept)} of {length} characters; read_file has the rest]"


def has_changed(shown: str, text: str) -> bool:
    """Say whether ``text`` is another than the one that was ``shown``. Either may be cut; what is shown of neither cannot be compared."""
    (before, length), (now, length_now) = _whole(shown), _whole(text)
    return length != length_now or not (now.startswith(before) or before.startswith(now))


def _whole(text: str) -> tuple[str, int]:
    """Return what is shown of a text, and how long all of it is; blanks at its end do not count, since they are not sent."""
    if (cut := _CUT.search(text)) is None:
        return text.rstrip(), len(text.rstrip())
    return text[: cut.start()].rstrip(), int(cut["all"])


def cut_of(text: str) -> tuple[int, int] | None:
    """Return how many characters of how many a text shows that was cut; None for a whole one."""
    cut = _CUT.search(text)
    return None if cut is None else (int(cut["kept"]), int(cut["all"]))
