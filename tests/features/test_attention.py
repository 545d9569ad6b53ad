"""What the person has before them, as a question to the index."""

from pathlib import Path

from coterie.domain.retrieval import Question
from coterie.domain.reviews import OpenFinding
from coterie.features.attention import MOST_RECENT, Attention, Stop
from coterie.workspace.documents import Documents


def finding(file: Path) -> OpenFinding:
    return OpenFinding(
        finding_id="1", run_id="run_1", uri=file.as_uri(), path=file.name, first=0, last=0, severity="warning", title="t", evidence="e"
    )


class Desk:
    """One person's documents, in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.documents = Documents()
        self.findings: list[OpenFinding] = []
        self.attention = Attention(self.documents, lambda: self.findings)

    def uri(self, path: str) -> str:
        return (self.root / path).as_uri()

    def open(self, path: str) -> None:
        self.documents.did_open(self.uri(path), 1, "one\n", "python")

    def edit(self, path: str) -> None:
        self.documents.did_change(self.uri(path), 2, "two\n")

    def write(self, path: str, *, change: int, at: int) -> None:
        """Have a document of 400 lines, of which one says something else."""
        lines = ["same"] * 400
        lines[at - 1] = f"change {change}"
        if change:
            self.documents.did_change(self.uri(path), change + 1, "\n".join(lines))
        else:
            self.documents.did_open(self.uri(path), 1, "\n".join(lines), "python")

    def been(self, path: str, line: int) -> list[tuple[str, int]]:
        return [(stop.uri.rpartition("/")[2], stop.line) for stop in self.attention.been(Stop(self.uri(path), line))]

    def close(self, path: str) -> None:
        self.documents.did_close(self.uri(path))

    def asked(self, text: str = "why") -> Question:
        return self.attention.about(str(self.root), text, 7)


def test_open_documents_come_with_the_one_that_changed_last_before_the_others(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for path in ("a.py", "b.py", "src/c.py"):
        desk.open(path)
    desk.edit("a.py")
    assert desk.asked("how") == Question(text="how", limit=7, opened=("a.py", "src/c.py", "b.py"), recent=("a.py",))


def test_what_was_touched_lately_is_remembered_when_it_is_closed_and_only_so_much(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number in range(MOST_RECENT + 2):
        desk.open(f"{number}.py")
        desk.close(f"{number}.py")
    desk.open("5.py")
    desk.edit("5.py")
    asked = desk.asked()
    assert asked.opened == ("5.py",)
    assert asked.recent[:2] == ("5.py", f"{MOST_RECENT + 1}.py")
    assert len(asked.recent) == MOST_RECENT


def test_errors_count_until_the_document_is_saved_and_findings_while_they_are_open(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.open("a.py")
    desk.attention.diagnosed(desk.uri("a.py"))
    desk.findings = [finding(tmp_path / "b.py")]
    assert desk.asked().failing == ("a.py", "b.py")
    desk.edit("a.py")
    assert desk.asked().failing == ("a.py", "b.py")
    desk.documents.did_save(desk.uri("a.py"))
    assert desk.asked().failing == ("b.py",)
    desk.findings = []
    assert desk.asked().failing == ()


def test_what_lies_elsewhere_or_is_no_file_is_no_matter_of_the_folder(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "one")
    for uri in ((tmp_path / "one.py").as_uri(), (tmp_path / "one-more/a.py").as_uri(), "untitled:a", "vscode-notebook-cell:/a.ipynb#1"):
        desk.documents.did_open(uri, 1, "text\n", "python")
        desk.documents.did_change(uri, 2, "other\n")
        desk.attention.diagnosed(uri)
    assert desk.asked() == Question(text="why", limit=7)


def test_a_folder_that_is_a_link_is_the_folder(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "real")
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    desk.open("a.py")
    assert desk.attention.about(str(tmp_path / "link"), "why").opened == ("a.py",)


def test_the_places_where_the_person_was_come_the_latest_first_and_each_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for path in ("a.py", "b.py"):
        desk.write(path, change=0, at=1)
    assert desk.been("a.py", 10) == []
    assert desk.been("b.py", 200) == [("a.py", 10)]
    assert desk.been("a.py", 300) == [("b.py", 200), ("a.py", 10)]
    assert desk.been("a.py", 15) == [("a.py", 300), ("b.py", 200)], "line 10 is here"


def test_where_another_file_changed_is_a_place_and_a_closed_one_has_none(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for path in ("a.py", "b.py", "c.py"):
        desk.write(path, change=0, at=1)
    desk.been("a.py", 1)
    desk.write("b.py", change=1, at=77)
    desk.write("c.py", change=1, at=99)
    assert desk.been("a.py", 1) == [("c.py", 99), ("b.py", 77)]
    desk.close("c.py")
    assert desk.been("a.py", 1) == [("b.py", 77)]
