"""Which command lines change no file: only those of which that is certain. Around all others somebody looks."""

from __future__ import annotations

import pytest

from coterie.tools.reading_commands import only_reads


@pytest.mark.parametrize(
    "line",
    [
        "ls -la src",
        "cat a.txt | grep -n x | wc -l",
        "cd src && ls; pwd",
        "grep -rn 'a > b' . 2>/dev/null",
        "grep x $(ls *.py)",
        "wc -l < a.txt",
        "find . -name '*.py' -newer setup.py",
        "rg -n later src",
        "git status --short",
        "git log --oneline -5 && git diff HEAD~1 -- src",
        "test -f a.txt || echo missing",
        "(ls; pwd)",
    ],
)
def test_lines_that_only_read(line: str) -> None:
    assert only_reads(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ls > list.txt",
        "cat a.txt >> b.txt",
        "cat a.txt | tee b.txt",
        "echo $(touch made)",
        "cat `touch made`",
        "ls && rm a.txt",
        "ls; sort -o a.txt a.txt",
        "find . -delete",
        "find . -name x -exec rm {} ;",
        "find . -fprint0 list",
        "find . $WHAT",
        "rg --pre ./run x",
        "git checkout -- a.txt",
        "git diff --output=a.txt",
        "git $OPERATION",
        "git",
        "./ls",
        "/tmp/ls",
        "LD_PRELOAD=./x.so ls",
        "env ls",
        "sed -n 1p a.txt",
        "pytest",
        "for f in *; do cat $f; done",
        "cat <<EOF\nx\nEOF",
        "ls 'unbalanced",
    ],
)
def test_lines_of_which_that_is_not_certain(line: str) -> None:
    assert not only_reads(line)
