"""``symbols``: what a model is told of an index, and what it is not told."""

from pathlib import Path

import pytest

from coterie.base.errors import ModelMistakeError
from coterie.domain.proposals import Reply
from coterie.domain.retrieval import Definition, Definitions, Found
from coterie.tools.registry import toolbox
from coterie.tools.rules import Policy, RuleLayer
from coterie.tools.tool import Place
from index_fake import FakeIndex
from workspace_fake import FakeWorkspace

FOUND = (
    Found(path="src/pool.py", score=2.0, reasons=("its text matches", "it changes often"), tokens=9, lines=(3, 8)),
    Found(path="secret/key.py", score=1.0, reasons=("its text matches",), tokens=9),
    Found(path="README.md", score=0.5, reasons=("its path matches",), tokens=9),
)
DEFINITIONS = Definitions(
    found=tuple(Definition(path=path, name="open_pool", kind="function", line=3, end_line=8) for path in ("src/pool.py", "secret/key.py")),
    used_in=("secret/key.py", "src/app.py"),
)


def fake_index() -> FakeIndex:
    return FakeIndex(*FOUND, definitions=DEFINITIONS)


async def told(index: FakeIndex, root: Path, query: str) -> str:
    place = Place(workspace=FakeWorkspace(root), index=index)
    policy = Policy(layers=(RuleLayer.of("user settings", allow=["read(**)"], ask=["read(secret/**)"]),))
    reply = await toolbox(place, policy).get("symbols").propose({"query": query})
    assert isinstance(reply, Reply)
    return reply.text


DEFINED = "src/pool.py:3-8 function open_pool\nused in src/app.py\n"
RANKED = "src/pool.py:3-8 (its text matches, it changes often)\nREADME.md (its path matches)"


@pytest.mark.parametrize(
    ("query", "answer", "defined"),
    [
        ("open_pool", DEFINED + RANKED, "open_pool"),
        (" Pool.open_pool ", DEFINED + RANKED, "open_pool"),
        ("net::open_pool", DEFINED + RANKED, "open_pool"),
        ("why do sockets leak", RANKED, None),
    ],
)
async def test_definitions_come_first_then_files_and_only_those_that_may_be_read(
    tmp_path: Path, query: str, answer: str, defined: str | None
) -> None:
    index, name = fake_index(), tmp_path.name
    assert await told(index, tmp_path, query) == answer
    assert index.told == [f"refresh {name}", *([f"define {name} {defined}"] if defined else []), f"rank {name} {query.strip()}"]


@pytest.mark.parametrize(
    ("found", "used_in", "first"),
    [
        ((), (), "No file that may be read defines open_pool.\n"),
        ((), ("src/app.py",), "No file that may be read defines open_pool.\nused in src/app.py\n"),
        (DEFINITIONS.found[1:], (), "No file that may be read defines open_pool.\n"),
    ],
    ids=["unknown", "used", "defined in a secret"],
)
async def test_a_name_that_nothing_defines_is_said_to_be_unknown_before_files_on_the_topic(
    tmp_path: Path, found: tuple[Definition, ...], used_in: tuple[str, ...], first: str
) -> None:
    index = FakeIndex(*FOUND, definitions=Definitions(found=found, used_in=used_in))
    assert await told(index, tmp_path, "net::open_pool") == first + RANKED
    assert await told(index, tmp_path, "why do sockets leak") == RANKED


async def test_where_the_index_is_not_there_the_model_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelMistakeError, match=r"it died\. Use search instead"):
        await told(FakeIndex(broken=True), tmp_path, "open_pool")


def test_without_an_index_there_is_no_such_tool(tmp_path: Path) -> None:
    assert "symbols" not in toolbox(Place(workspace=FakeWorkspace(tmp_path)), Policy()).tools
