"""What of other files goes along with a gap: found in time or left out, never a secret, and told by `explain`."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from coterie.base.errors import ProviderError
from coterie.context import nearby
from coterie.context.fill import Gap
from coterie.context.nearby import Piece
from coterie.context.tokens import Calibration
from coterie.domain.messages import ModelRequest
from coterie.domain.retrieval import Definition, Definitions, Found
from coterie.domain.suggestions import FillRequest, SuggestionRequest
from coterie.domain.workspace_ports import Folder
from coterie.features.attention import Attention
from coterie.features.suggestions import snippets
from coterie.features.suggestions.snippets import LONGEST_FILE, MOST_FILES, WITHIN_BY_HAND_S, WITHIN_S
from coterie.workspace.workspace import LiveWorkspace
from ghost_stage import URI, Desk, desk
from index_fake import FakeIndex
from virtual_time import in_virtual_time

SHAPES = "X = 1\n\ndef area(shape):\n    return shape.width * shape.height\n"
KNOWS_AREA = Definitions(
    found=(
        Definition(path="area.go", name="area", kind="function", line=1, end_line=1),
        Definition(path="shapes.py", name="area_of", kind="function", line=1, end_line=1),
        Definition(path="shapes.py", name="area", kind="function", line=3, end_line=4),
    )
)
AREA = "def area(shape):\n    return shape.width * shape.height"
ORDERS = "def load_order(path):\n    rows = read_table(path)\n    order = Order(rows)\n"
STOCK = "def load_stock(path):\n    rows = read_table(path)\n    order = Stock(rows)\n"


class SlowIndex(FakeIndex):
    """Answers after a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(definitions=KNOWS_AREA)
        self.seconds = seconds

    @override
    async def definitions(self, folder: str, name: str, limit: int) -> Definitions:
        await asyncio.sleep(self.seconds)
        return await super().definitions(folder, name, limit)


def shown(place: Desk) -> list[tuple[str, str]]:
    """Return the snippets of the latest call."""
    request = place.model.requests[-1]
    assert isinstance(request, FillRequest)
    return [(snippet.path, snippet.text) for snippet in request.snippets]


def knowing(place: Desk) -> None:
    place.shelf.texts.update({"shapes.py": SHAPES, "area.go": "area\n"})


@in_virtual_time
async def test_the_definition_of_a_name_at_the_cursor_goes_along() -> None:
    index = FakeIndex(definitions=KNOWS_AREA)
    async with desk("shape)", index=index) as place:
        knowing(place)
        assert await place.ask("x = area(|") is not None
        assert shown(place) == [("shapes.py", AREA)]
        [request] = place.model.requests
        assert isinstance(request, FillRequest)
        assert (request.path, request.project) == ("a.py", "w")
        assert index.told == ["define w area", "rank w area"]
        [used] = place.service.explain(URI).snippets
        assert (used.path, used.start, used.end, used.reason) == ("shapes.py", 3, 4, "defines `area`")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("", "empty", id="nothing"),
        pytest.param("Sure, here is the code:", "prose", id="refused"),
    ],
)
@in_virtual_time
async def test_what_went_along_is_named_also_where_the_answer_is_not_shown(answer: str, reason: str) -> None:
    async with desk(answer, index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        for _ in range(2):  # the second time it is known that there is nothing
            assert await place.ask("x = area(|)") is None
            assert shown(place) == [("shapes.py", AREA)]
            explained = place.service.explain(URI)
            assert (explained.reason, [used.path for used in explained.snippets]) == (reason, ["shapes.py"])
        assert len(place.model.requests) == 1


@in_virtual_time
async def test_what_went_along_is_named_also_where_the_document_has_moved_on() -> None:
    def typing(_: Gap) -> str:
        place.type("s")
        return "shape"

    async with desk(typing, index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        assert await place.ask("x = area(|)") is None
        explained = place.service.explain(URI)
        assert (explained.reason, [used.path for used in explained.snippets]) == ("document_changed", ["shapes.py"])


@in_virtual_time
async def test_a_host_that_gave_no_answer_is_not_said_to_have_been_shown_anything() -> None:
    failure = ProviderError("It is down.", kind="transient", code="down")
    async with desk(lambda _: failure, index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        assert await place.ask("x = area(|)") is None
        assert (place.reason, place.service.explain(URI).snippets) == ("down", ())


@in_virtual_time
async def test_a_model_that_is_asked_in_words_is_shown_them_too() -> None:
    async with desk("shape)", fim=False, index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        await place.ask("x = area(|")
        [request] = place.model.requests
        assert isinstance(request, ModelRequest)
        assert request.messages[0].text.startswith(f"From shapes.py:\n{AREA}\n\na.py (python)\n\n")  # type: ignore[union-attr]


@in_virtual_time
async def test_the_text_of_an_open_document_counts_not_that_on_disk() -> None:
    async with desk("shape)", index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        place.documents.did_open("file:///w/shapes.py", 1, SHAPES.replace("width * shape.height", "size").replace("\n", "\r\n"), "python")
        await place.ask("x = area(|")
        assert shown(place) == [("shapes.py", "def area(shape):\n    return shape.size")]


@pytest.mark.parametrize("why", ["secret", "ignored"])
@in_virtual_time
async def test_no_file_that_is_kept_back_goes_along(why: Any) -> None:
    closed = Found(path="closed.py", score=1.0, reasons=(), tokens=30)
    async with desk("shape)", index=FakeIndex(closed, definitions=KNOWS_AREA)) as place:
        knowing(place)
        place.shelf.texts["closed.py"] = STOCK + "area\n"
        place.secrets |= dict.fromkeys(("file:///w/shapes.py", "file:///w/stock.py", "file:///w/closed.py"), why)
        place.documents.did_open("file:///w/stock.py", 1, STOCK + "area\n", "python")
        assert await place.ask(f"{ORDERS}    x = area(|") is not None
        assert shown(place) == []


@in_virtual_time
async def test_code_in_open_documents_that_is_alike_goes_along() -> None:
    async with desk("total()") as place:
        place.documents.did_open("file:///w/stock.py", 1, STOCK, "python")
        place.documents.did_open("file:///w/stock.js", 1, STOCK, "javascript")
        place.documents.did_open("untitled:1", 1, STOCK, "python")
        await place.ask(f"{ORDERS}    |")
        assert [path for path, _ in shown(place)] == ["stock.py"]
        assert [used.reason for used in place.service.explain(URI).snippets] == ["is like the code at the cursor"]


@in_virtual_time
async def test_like_code_in_files_that_are_not_open_goes_along_and_the_index_is_told_what_the_person_has_before_him() -> None:
    others = [f"open{number}.py" for number in range(MOST_FILES)]
    paths = dict.fromkeys((*others, "stock.go", "a.py", "gone.py", "shop/stock.py"), 400) | {"huge.py": LONGEST_FILE + 1}
    index = FakeIndex(*(Found(path=path, score=1.0, reasons=(), tokens=tokens) for path, tokens in paths.items()))
    async with desk("total()", index=index) as place:
        place.shelf.texts = dict.fromkeys(paths.keys() - {"gone.py"}, STOCK)
        for path in (*others, "seen.py"):
            place.documents.did_open(f"file:///w/{path}", 1, "x = 1\n", "python")
        place.documents.did_close("file:///w/seen.py")
        await place.ask(f"{ORDERS}    |")
        assert shown(place) == [("shop/stock.py", STOCK)]
        assert [used.reason for used in place.service.explain(URI).snippets] == ["is like the code at the cursor"]
        [question] = index.questions
        assert question.text.split()[:3] == ["rows", "Order", "order"]
        assert (question.opened, question.recent) == (("a.py", *reversed(others)), ("a.py", "seen.py"))


@in_virtual_time
async def test_the_file_of_a_notebook_is_no_code() -> None:
    index = FakeIndex(*(Found(path=path, score=1.0, reasons=(), tokens=400) for path in ("a.ipynb", "b.ipynb", "stock.py")))
    async with desk("total()", index=index) as place:
        place.shelf.texts = dict.fromkeys(("a.ipynb", "b.ipynb", "stock.py"), STOCK)
        place.uri = "vscode-notebook-cell:/w/a.ipynb#1"
        place.documents.notebooks.did_open("file:///w/a.ipynb", [place.uri])
        await place.ask(f"{ORDERS}    |")
        assert shown(place) == [("stock.py", STOCK)]


@in_virtual_time
async def test_the_places_where_the_person_was_go_along() -> None:
    async with desk("total()") as place:
        far = "\n".join(f"value_{number} = {number}" for number in range(400))
        await place.ask(f"{far}\nlast = |")
        place.uri = "file:///w/b.py"
        await place.ask("other = |")
        [(path, text)] = shown(place)
        assert path == "a.py"
        assert text.endswith("value_399 = 399\nlast = ")
        assert [used.reason for used in place.service.explain(place.uri).snippets] == ["you were there just now"]


@in_virtual_time
async def test_what_else_changed_in_an_open_document_goes_along() -> None:
    async with desk("total()") as place:
        lines = [f"value_{number} = {number}" for number in range(400)]
        place.documents.did_open("file:///w/b.js", 1, "\n".join(lines), "javascript")
        await place.ask("x = |")
        assert shown(place) == []
        lines[200] = "tax = 0.2"
        place.documents.did_change("file:///w/b.js", 2, "\n".join(lines))
        await place.ask("y = |")
        [(path, text)] = shown(place)
        assert path == "b.js"
        assert "tax = 0.2" in text


@pytest.mark.parametrize(
    ("seconds", "manual", "is_there"),
    [
        pytest.param(WITHIN_S - 0.01, False, True, id="in time"),
        pytest.param(WITHIN_S + 0.01, False, False, id="too late"),
        pytest.param(WITHIN_S + 0.01, True, True, id="in time by hand"),
        pytest.param(WITHIN_BY_HAND_S + 0.01, True, False, id="too late by hand"),
        pytest.param(10_000, False, False, id="never"),
    ],
)
@in_virtual_time
async def test_what_is_not_there_in_time_is_left_out(seconds: float, *, manual: bool, is_there: bool) -> None:
    async with desk("shape)", index=SlowIndex(seconds)) as place:
        knowing(place)
        place.documents.did_open("file:///w/stock.py", 1, STOCK, "python")
        assert await place.ask(f"{ORDERS}    x = area(|", manual=manual) is not None
        assert [path for path, _ in shown(place)] == ["stock.py", *(["shapes.py"] if is_there else [])]


@in_virtual_time
async def test_an_index_that_is_not_to_be_had_takes_nothing_away() -> None:
    async with desk("shape)", index=FakeIndex(broken=True)) as place:
        assert await place.ask("x = area(|") is not None
        assert shown(place) == []


@in_virtual_time
async def test_a_file_outside_of_the_workspace_and_one_that_is_none_have_ghost_text_too() -> None:
    async with desk("shape)", index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        place.uri = "untitled:new.py"
        assert await place.ask("x = area(|") is not None
        assert shown(place) == []


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("untitled:Untitled-1", "Untitled-1.py"),
        ("untitled:new.py", "new.py"),
        ("vscode-notebook-cell:/x/a%20b.ipynb#W0", "a b.ipynb.py"),
        ("file:///x/new.py", "new.py"),
        ("file://[no/a.py", "a.py"),
    ],
)
@in_virtual_time
async def test_the_name_of_a_file_that_is_none_tells_its_language(uri: str, path: str) -> None:
    async with desk("shape)") as place:
        place.uri = uri
        assert await place.ask("x = area(|") is not None
        [request] = place.model.requests
        assert isinstance(request, FillRequest)
        assert request.path == path


async def test_a_long_document_is_compared_away_from_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: dict[str, bool] = {}

    def alike(gap: Gap, path: str, text: str) -> Piece | None:
        compared[path] = threading.current_thread() is threading.main_thread()
        return nearby.alike(gap, path, text)

    monkeypatch.setattr(snippets, "alike", alike)
    monkeypatch.setattr(snippets, "WITHIN_BY_HAND_S", 60)
    async with desk("stock(path)", latency=0) as place:
        place.documents.did_open("file:///w/long.py", 1, STOCK + "# no more\n" * snippets.AT_ONCE, "python")
        place.documents.did_open("file:///w/short.py", 1, STOCK.replace("stock", "shop"), "python")
        await place.ask(ORDERS + "    return |", manual=True)
        assert compared == {"long.py": False, "short.py": True}
        assert {path for path, _ in shown(place)} == {"long.py", "short.py"}


@in_virtual_time
async def test_an_answer_is_kept_only_as_long_as_what_it_rests_on() -> None:
    async with desk("shape)", index=FakeIndex(definitions=KNOWS_AREA)) as place:
        knowing(place)
        await place.ask("x = area(|")
        await place.ask("y = 1\n|")
        await place.ask("x = area(|")
        assert len(place.model.log) == 2, "nothing has changed"
        place.shelf.texts["shapes.py"] += "\n# a line more\n"
        await place.ask("z = 1\n|")
        await place.ask("x = area(|")
        assert len(place.model.log) == 4


async def test_a_file_of_another_folder_is_not_taken_for_its_namesake_in_which_the_cursor_is(tmp_path: Path) -> None:
    folders = [tmp_path / "client", tmp_path / "server"]
    workspace = LiveWorkspace([Folder(each.as_uri(), each.name, str(each)) for each in folders])
    for folder, text in zip(folders, (ORDERS, STOCK), strict=True):
        folder.mkdir()
        (folder / "main.py").write_text(text, encoding="utf-8")
        workspace.documents.did_open((folder / "main.py").as_uri(), 1, text, "python")
    attention = Attention(workspace.documents, lambda: ())
    source = snippets.SnippetSource(workspace.documents, workspace, FakeIndex(), attention)
    asked = SuggestionRequest(uri=(folders[0] / "main.py").as_uri(), text=ORDERS, offset=len(ORDERS), manual=True)
    found = await source.gather(asked, Gap(prefix=ORDERS, suffix=""), Calibration())
    assert (found.path, [(each.path, each.text) for each in found.snippets]) == ("main.py", [("server/main.py", STOCK)])
