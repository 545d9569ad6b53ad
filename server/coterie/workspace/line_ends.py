r"""Line ends and byte order marks: what an agent does not see, and how they come back when it writes.

``editing`` shows agents a text with ``\n`` only and turns what they want into the file's own ends. Lines that they leave alone keep
theirs, also in a file that mixes them. A lone ``\r`` is no line end here, as for git.
"""

from __future__ import annotations

from coterie.base.text import lines_of
from coterie.workspace.difference import differences

BYTE_ORDER_MARK = "\ufeff"


def shown(text: str) -> str:
    r"""Return a text as agents see it: ``\n`` at line ends, no byte order mark."""
    return text.removeprefix(BYTE_ORDER_MARK).replace("\r\n", "\n")


def as_in(text: str, wanted: str) -> str:
    """Return ``wanted``, which was written for ``shown(text)``, with the mark and the line ends of ``text``."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    if "\r\n" not in text:
        return mark + wanted.removeprefix(BYTE_ORDER_MARK)
    lines, plain, new = lines_of(text.removeprefix(mark)), lines_of(shown(text)), lines_of(shown(wanted))
    end = "\r\n" if sum(line.endswith("\r\n") for line in lines) * 2 >= len(lines) else "\n"
    at, written = 0, [mark]
    for span in differences(plain, new):
        written += lines[at : span.old_start]
        written += [line.removesuffix("\n") + end if line.endswith("\n") else line for line in new[span.new_start : span.new_end]]
        at = span.old_end
    return "".join(written + lines[at:])
