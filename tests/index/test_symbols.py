"""What the syntax trees of each language say: definitions, references, imports."""

import pytest

from coterie.index.facts import facts
from coterie.index.grammars import GRAMMARS, LANGUAGES, language_of
from coterie.index.imports import importers
from coterie.index.symbols import outline

SOURCES = {
    "python": (
        "from a.b import c\nimport d\nLIMIT = 1\nclass Door(Frame):\n    def open(self):\n        turn(self.key)\n",
        {("constant", "LIMIT"), ("class", "Door"), ("function", "open")},
        {"turn", "Frame"},
        ("a.b", "a.b.c", "d"),
    ),
    "javascript": (
        "import x from './x.js'\nconst y = require('y')\nclass Door { open() { turn() } }\nfunction shut() {}\n",
        {("constant", "y"), ("class", "Door"), ("function", "open"), ("function", "shut")},
        {"turn"},
        ("./x.js", "y"),
    ),
    "typescript": (
        "import { A } from './a'\nexport const n: Key = 1\ninterface Door { open(): void }\ntype Lock = Key\nenum Side { Left }\n",
        {("constant", "n"), ("class", "Door"), ("function", "open"), ("class", "Lock"), ("class", "Side")},
        {"Key"},
        ("./a",),
    ),
    "tsx": (
        "export function View() { return <Door onOpen={() => turn()} /> }\n",
        {("function", "View")},
        {"turn"},
        (),
    ),
    "rust": (
        "use crate::key::Key;\nmod lock;\nstruct Door { key: Key }\nimpl Door { fn open(&self) { turn(); bang!() } }\nconst N: u8 = 1;\n",
        {("module", "lock"), ("class", "Door"), ("function", "open"), ("constant", "N")},
        {"turn", "bang", "Key"},
        ("crate::key::Key", "lock"),
    ),
    "go": (
        'package house\nimport "x/key"\ntype Door struct { k key.Key }\nfunc (d *Door) Open() { turn(d.k) }\nconst N = 1\n',
        {("module", "house"), ("class", "Door"), ("function", "Open"), ("constant", "N")},
        {"turn"},
        ("x/key",),
    ),
    "java": (
        "import a.b.Key;\nclass Door { static final int N = 1; void open() { turn(); } }\ninterface Lock {}\n",
        {("class", "Door"), ("constant", "N"), ("function", "open"), ("class", "Lock")},
        {"turn"},
        ("a.b.Key",),
    ),
    "c": (
        '#include "key.h"\n#define N 1\nstruct door { int n; };\nstatic int *open_door(struct door *d) { turn(d); }\n',
        {("constant", "N"), ("class", "door"), ("function", "open_door")},
        {"turn"},
        ("key.h",),
    ),
    "cpp": (
        "#include <key>\nnamespace house { class Door { void open(); }; }\nvoid house::Door::open() { lock.turn(); }\n",
        {("module", "house"), ("class", "Door"), ("function", "open")},
        {"turn"},
        ("key",),
    ),
}


def test_every_language_has_a_source_here() -> None:
    assert SOURCES.keys() == GRAMMARS.keys() == set(LANGUAGES.values())


@pytest.mark.parametrize("language", SOURCES)
def test_a_file_says_what_it_defines_uses_and_imports(language: str) -> None:
    source, defined, used, imported = SOURCES[language]
    found = outline(source.encode(), language)
    assert {(symbol.kind, symbol.name) for symbol in found.symbols} >= defined
    assert found.references >= used
    assert set(found.imports) >= set(imported)


@pytest.mark.parametrize(
    ("language", "source", "defined"),
    [
        ("python", "NEAR, FAR = 1, 2\ntype Key = int\nlock: Key = 1\n", "NEAR FAR Key lock"),
        ("javascript", "class Door { open = () => {}; #turn() {} }\nx = { 'shut': function () {} }\n", "Door open #turn shut"),
        (
            "typescript",
            "class Door { private open = () => 1 }\nenum Side { Left, Right = 2 }\ndeclare const key: Key\n",
            "Door open Side Left Right key",
        ),
        ("rust", "trait Door { type Key; fn open(&self); }\n", "Door Key open"),
        ("go", "package p\nvar (\n\tlocked, open bool\n\tkeys int\n)\n", "p locked open keys"),
        ("java", "@interface Lock { int keys() default 1; }\n", "Lock keys"),
        (
            "c",
            "typedef int (*turn_t)(int);\nstatic int keys = 1;\nconst char *side = 0;\nchar **names(void) { }\n",
            "turn_t keys side names",
        ),
        ("cpp", "namespace house { const Key& Door::key() const { } }\nint* Door::width() { }\n", "house key width"),
        ("cpp", "void house::inner::Door::open() { }\nbool Door::operator==(const Door& o) { }\nDoor::~Door() { }\n", "open"),
        ("cpp", "struct Door { Key& key() { } Key* next(); const Key& last() const; };\n", "Door key next last"),
        ("cpp", "template <> struct Lock<int> { };\ntemplate <class T> concept Door = true;\nconstexpr int keys = 1;\n", "Lock Door keys"),
    ],
)
def test_what_a_language_lets_one_write_in_other_ways_is_defined_too(language: str, source: str, defined: str) -> None:
    assert {symbol.name for symbol in outline(source.encode(), language).symbols} == set(defined.split())


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("#pragma once\nnamespace house {\n}\n", "cpp"),
        ("#include <a>\n\n  template <typename T>\nstruct Door {};\n", "cpp"),
        ("class Door final : public Frame {\n public:\n  void open();\n};\n", "cpp"),
        ("using Key = int;\n", "cpp"),
        ('#define ALL "/*"\nnamespace house {\n}\n#define REST "*/"\n', "cpp"),
        ("#define QUOTE '\"' /* a \" */\nnamespace house {\n}\n", "cpp"),
        ("/*\n  using a key opens it\n*/\nint open;\n", "c"),
        ("// what follows \\\nusing a key\nint open;\n", "c"),
        ("/** class Door {\n namespace house\n", "c"),
        ("/* The class Door {\n * using a namespace */\nstruct door { int template; };\nint class(int namespace);\n", "c"),
        ("", "c"),
    ],
)
def test_a_header_is_of_the_language_that_it_is_written_in(header: str, language: str) -> None:
    assert language_of("include/door.h", header.encode()) == language
    assert language_of("include/door.c", header.encode()) == "c"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_names_are_read_in_the_encoding_that_a_file_is_in(encoding: str) -> None:
    found = facts("a.py", "def Türgröße(): ...\r\n".encode(encoding))
    assert [symbol.name for symbol in found.symbols] == ["Türgröße"]
    assert "türgröße" in found.terms


def test_one_broken_byte_does_not_spoil_what_else_is_utf_8() -> None:
    assert "türgröße" in facts("a.py", "Türgröße = 1  # ".encode() + b"\xff").terms


@pytest.mark.parametrize(
    ("language", "source", "lines"),
    [
        ("python", "x = 1\n\ndef open():\n    a()\n    b()\n", (3, 5)),
        ("c", "int a;\nint\nopen(void)\n{\n  a();\n}\n", (3, 6)),
        ("cpp", "void D::open()\n{\n}\n", (1, 3)),
    ],
)
def test_a_definition_reaches_to_the_end_of_its_body(language: str, source: str, lines: tuple[int, int]) -> None:
    (symbol,) = [symbol for symbol in outline(source.encode(), language).symbols if symbol.name == "open"]
    assert (symbol.line, symbol.end_line) == lines


@pytest.mark.parametrize("language", SOURCES)
@pytest.mark.parametrize("broken", [b"", b"\xff\xfe(((", b"class {{{ def ) \0 fn", b"}" * 2_000])
def test_a_broken_file_is_no_special_case(language: str, broken: bytes) -> None:
    outline(broken, language)


@pytest.mark.parametrize(
    ("paths", "path", "name", "meant"),
    [
        (("src/pkg/a.py", "src/pkg/b.py"), "src/pkg/a.py", "pkg.b", "src/pkg/b.py"),
        (("src/pkg/a.py", "src/pkg/b.py"), "src/pkg/a.py", ".b", "src/pkg/b.py"),
        (("src/pkg/sub/a.py", "src/pkg/b.py"), "src/pkg/sub/a.py", "..b.name", None),
        (("src/pkg/sub/a.py", "src/pkg/b.py"), "src/pkg/sub/a.py", "..b", "src/pkg/b.py"),
        (("pkg/a.py", "pkg/sub/__init__.py"), "pkg/a.py", "pkg.sub", "pkg/sub/__init__.py"),
        (("lib/a.js", "lib/core/b.js"), "lib/a.js", "./core/b.js", "lib/core/b.js"),
        (("lib/a.ts", "lib/core/index.ts"), "lib/a.ts", "./core", "lib/core/index.ts"),
        (("src/main.rs", "src/net/tcp.rs"), "src/main.rs", "crate::net::tcp::{Listener, Stream}", "src/net/tcp.rs"),
        (("src/uv-common.c", "include/uv.h"), "src/uv-common.c", "uv.h", "include/uv.h"),
        (("A.java", "org/x/Key.java"), "A.java", "org.x.Key", "org/x/Key.java"),
        (("main.go", "internal/key/key.go"), "main.go", "example.org/house/internal/key", "internal/key/key.go"),
    ],
)
def test_an_import_leads_to_the_file_that_it_names(paths: tuple[str, ...], path: str, name: str, meant: str | None) -> None:
    near = importers({number: (each, (name,) if each == path else ()) for number, each in enumerate(paths)})
    found = {paths[file] for file in near.get(paths.index(path), {})}
    assert found == ({meant} if meant else set())
