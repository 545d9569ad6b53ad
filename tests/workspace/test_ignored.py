"""What is ignored: as git says, also of what it tracks in spite of its patterns; and what outweighs git."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from coterie.index.head import head
from coterie.workspace import personal_excludes
from coterie.workspace.tracked import Tracked
from coterie.workspace.walk import is_listed, list_files

Git = Callable[..., str]


NOBODYS = {"HOME": os.devnull, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def run_git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always")
    # Nothing of whoever runs the tests: their own exclusions would count, too.
    environment = {"PATH": os.environ["PATH"], **NOBODYS}
    return subprocess.run(["git", *own, *words], cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(autouse=True)
def whoever_runs_the_tests_has_no_exclusions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in NOBODYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def git(root: Path) -> Git:
    """Return what runs git in the project, which is a repository."""

    def run(*words: str) -> str:
        return run_git(root, *words)

    run("init", "-q")
    return run


def fill(root: Path, texts: Mapping[str, str]) -> None:
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def files(root: Path) -> set[str]:
    """Return what is listed; each file that is there must be judged alike alone."""
    listed = set(list_files(str(root)))
    there = {str(place.relative_to(root)) for place in root.rglob("*") if place.is_file() and ".git" not in place.relative_to(root).parts}
    assert {path for path in there if is_listed(str(root), path)} == listed
    return listed


def seen_by_git(folder: Path) -> set[str]:
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return set(run_git(folder, *words).split("\0")) - {""}


NAMES = (
    "src/out/a.py",
    "src/out/b.gen",
    "src/a.gen",
    "src/b.gen",
    "out/keep.py",
    "out/drop.py",
    "out/deep/keep.py",
    "out-x/a.py",
    "out.py",
    "out/é/ü.py",
    "z.py",
)
FORCED = ("src/a.gen", "out/keep.py", "out/deep/keep.py", "out/é/ü.py")


@pytest.mark.parametrize("forced", [(), FORCED[2:3], FORCED], ids=["nothing", "deep", "all"])
@pytest.mark.parametrize(
    "rules",
    [
        {".gitignore": "*.gen\nout/\n"},
        {".gitignore": "*\n!.gitignore\n"},
        {".gitignore": "out\n", "src/.gitignore": "*.gen\n"},
        {".gitignore": "out/\n!out/drop.py\n", "out/.gitignore": "!*\n"},
        {".gitignore": "out/*\n!out/deep\n*.gen\n"},
        {".git/info/exclude": "/out/\n*.gen\n"},
        {".gitignore": "out/**\n!out/drop.py\n"},
        {".gitignore": "out\n!src\n"},
        {".gitignore": "*.gen\n", "src/.gitignore": "!*/\n"},
        {".gitignore": "\N{ZERO WIDTH NO-BREAK SPACE}out/\r\n*.gen\r\n", ".git/info/exclude": "\N{ZERO WIDTH NO-BREAK SPACE}/z.py\n"},
        {},
    ],
    ids=[
        "both",
        "everything",
        "nested",
        "let in where nothing can be",
        "let in",
        "excluded",
        "all inside",
        "around",
        "folders",
        "from Windows",
        "nothing",
    ],
)
def test_what_git_tracks_is_listed_and_what_it_ignores_is_not(
    root: Path, git: Git, rules: Mapping[str, str], forced: tuple[str, ...]
) -> None:
    fill(root, {**dict.fromkeys(NAMES, "x\n"), **rules})
    git("add", "--force", "--intent-to-add", "--", *forced)
    assert files(root) == seen_by_git(root)


@pytest.mark.parametrize("words", [("update-index", "--index-version", "4"), ("update-index", "--split-index"), ("commit", "-qm", "x")])
def test_however_git_writes_its_index(root: Path, git: Git, words: tuple[str, ...]) -> None:
    fill(root, {**dict.fromkeys(NAMES, "x\n"), ".gitignore": "*.gen\nout/\n"})
    git("add", "--force", *FORCED)
    git(*words)
    assert files(root) == seen_by_git(root) == {".gitignore", "out-x/a.py", "out.py", "z.py", *FORCED}


def test_of_a_folder_below_the_top_it_counts_what_is_tracked_there(root: Path, git: Git) -> None:
    fill(root, {"lib/.gitignore": "*.gen\n", "lib/a.gen": "", "lib/b.gen": "", "b.gen": "", ".gitignore": "lib\n"})
    git("add", "--force", "lib/a.gen", "b.gen")
    assert files(root / "lib") == {".gitignore", "a.gen"}


def test_the_first_name_that_git_tells_may_begin_with_an_end_of_line(root: Path, git: Git) -> None:
    fill(root, {".git/info/exclude": "*\n", "\na.py": "", "a.py": ""})
    git("add", "--force", "\na.py")
    assert files(root) == seen_by_git(root) == {"\na.py"}


@pytest.mark.parametrize("ours", [".ignore", ".coterieignore"])
def test_our_own_rules_outweigh_what_git_says(root: Path, git: Git, ours: str) -> None:
    fill(root, {**dict.fromkeys(NAMES, "x\n"), ".gitignore": "*.gen\nout/\n", "src/.gitignore": "!*.gen\n"})
    git("add", "--force", *FORCED)
    fill(root, {ours: "*.gen\n/out/deep/\n!/out/drop.py\n"})
    assert files(root) == {".gitignore", "src/.gitignore", ours, "out/keep.py", "out/drop.py", "out/é/ü.py", "out-x/a.py", "out.py", "z.py"}
    fill(root, {ours: "out\n!*.gen\n"})
    assert files(root) == {".gitignore", "src/.gitignore", ours, "out-x/a.py", "out.py", "z.py", "src/a.gen", "src/b.gen"}


def test_a_secret_stays_one_when_it_is_tracked(root: Path, git: Git) -> None:
    fill(root, {".env": "KEY=canary\n", "out/.npmrc": "canary\n", "out/.ssh/known": "canary\n", "a.py": "", ".gitignore": ".env\nout/\n"})
    git("add", "--force", ".")
    assert files(root) == {".gitignore", "a.py"}


def test_an_environment_is_nobodys_business_whatever_is_tracked_in_it(root: Path, git: Git) -> None:
    fill(root, {"a.py": "", "env/pyvenv.cfg": "", "env/lib/b.py": ""})
    git("add", ".")
    assert files(root) == {"a.py"}


def test_a_worktree_has_the_exclusions_of_its_repository_and_an_index_of_its_own(root: Path, git: Git) -> None:
    fill(root, {"a.py": "", "b.gen": "", "c.gen": "", ".git/info/exclude": "*.gen\nown.py\n"})
    git("add", "--force", "a.py", "b.gen")
    git("commit", "-qm", "Begin")
    git("worktree", "add", "-q", "../tree")
    tree = root.parent / "tree"
    fill(tree, {"c.gen": "", "d.gen": "", "own.py": ""})
    run_git(tree, "add", "--force", "d.gen")
    run_git(tree, "rm", "-q", "--cached", "b.gen")
    assert files(tree) == seen_by_git(tree) == {"a.py", "d.gen"}
    assert files(root) == seen_by_git(root) == {"a.py", "b.gen"}


def test_a_submodule_in_an_ignored_folder_is_listed_as_its_own_git_says(root: Path, tmp_path: Path, git: Git) -> None:
    inner = tmp_path / "inner"
    fill(inner, {"lib.py": "", "made.gen": "", ".gitignore": "*.gen\n"})
    run_git(inner, "init", "-q")
    run_git(inner, "add", "--force", ".")
    run_git(inner, "commit", "-qm", "Begin")
    fill(root, {".gitignore": "deps/\n", "deps/other.py": ""})
    git("submodule", "add", "--force", str(inner), "deps/inner")
    fill(root, {"deps/inner/new.gen": ""})
    assert {path for path in files(root) if path.startswith("deps")} == {
        f"deps/inner/{path}" for path in ("lib.py", "made.gen", ".gitignore")
    }


def without_git(_root: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("PATH", "")


def with_a_torn_index(root: Path, _: pytest.MonkeyPatch) -> None:
    index = root / ".git/index"
    index.write_bytes(index.read_bytes()[:40])


def without_an_index(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / ".git/index").unlink()


def with_a_folder_for_an_index(root: Path, _: pytest.MonkeyPatch) -> None:
    (root / ".git/index").unlink()
    (root / ".git/index").mkdir()


def with_half_a_repository(root: Path, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".git/objects")
    (root / ".git/HEAD").unlink()


def with_a_git_file_that_leads_nowhere(root: Path, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(root / ".git")
    (root / ".git").write_bytes(b"gitdir: \xff\0")


@pytest.mark.parametrize(
    "harm",
    [
        without_git,
        with_a_torn_index,
        without_an_index,
        with_a_folder_for_an_index,
        with_half_a_repository,
        with_a_git_file_that_leads_nowhere,
    ],
)
def test_where_git_cannot_say_what_is_tracked_nothing_is(
    root: Path, git: Git, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    fill(root, {**dict.fromkeys(NAMES, "x\n"), ".gitignore": "*.gen\nout/\n"})
    git("add", "--force", *FORCED)
    harm(root, monkeypatch)
    assert files(root) == {".gitignore", "out-x/a.py", "out.py", "z.py"}


@pytest.mark.parametrize(
    "settings",
    [
        {"core.fsmonitor": "{}"},
        {"core.sshCommand": "{}", "remote.origin.url": "ssh://nowhere.invalid/x"},
        {"remote.origin.uploadpack": "{}", "remote.origin.url": "."},
        {"protocol.ext.allow": "always", "remote.origin.url": "ext::{}"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_nothing_runs_that_a_repository_names(root: Path, tmp_path: Path, git: Git, settings: Mapping[str, str]) -> None:
    ran = tmp_path / "ran"
    fill(root, {"lib/deep/a.py": "", "top.py": "", "b.gen": ""})
    git("add", ".")
    git("commit", "-qm", "Begin")
    git("sparse-checkout", "set", "--cone", "--sparse-index", "other")
    tree = git("rev-parse", "HEAD:lib").strip()
    (root / ".git/objects" / tree[:2] / tree[2:]).unlink()  # which is to be had from where the repository says
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n: > '{ran}'\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    partial = {"core.repositoryFormatVersion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true"}
    for name, value in {**partial, **settings}.items():
        git("config", name, value.format(program))
    fill(root, {".gitignore": "*.gen\n"})
    assert files(root) == {".gitignore", "top.py", "b.gen"}
    assert not ran.exists()


@pytest.mark.parametrize("where", [".gitignore", ".coterieignore", ".git/info/exclude", ".git/commondir", ".git/HEAD"])
@pytest.mark.usefixtures("git")
def test_nobody_waits_for_a_file_of_rules_that_is_none(root: Path, where: str) -> None:
    fill(root, {"a.py": ""})
    (root / where).unlink(missing_ok=True)
    for make in (lambda: os.mkfifo(root / where), lambda: (root / where).symlink_to("/dev/zero")):
        make()
        assert set(list_files(str(root))) == {"a.py"}
        assert head(str(root)).files
        (root / where).unlink()


def test_git_is_asked_once_for_each_state_of_its_index(root: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, counting = tmp_path / "asked", tmp_path / "bin/git"
    fill(tmp_path, {"bin/git": f'#!/bin/sh\necho >> "{asked}"\nexec "{shutil.which("git")}" "$@"\n', "asked": ""})
    counting.chmod(0o755)
    fill(root, {"a.gen": "", "b.gen": "", ".gitignore": "*.gen\n"})
    git("add", "--force", "a.gen")
    path = os.environ["PATH"]
    for times, listed in enumerate(({".gitignore", "a.gen"}, {".gitignore", "a.gen", "b.gen"}), start=1):
        monkeypatch.setenv("PATH", f"{counting.parent}{os.pathsep}{path}")
        for _ in range(3):
            assert files(root) == listed
        assert len(asked.read_text(encoding="utf-8")) == times
        monkeypatch.setenv("PATH", path)
        git("add", "--force", "b.gen")


def test_where_nothing_is_ignored_git_is_not_asked(root: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(root, {"a.py": "", "b.gen": ""})
    git("add", "a.py")
    monkeypatch.setenv("PATH", "")
    assert files(root) == {"a.py", "b.gen"}
    fill(root, {".gitignore": "*.gen\na.py\n"})
    monkeypatch.undo()
    assert files(root) == {".gitignore", "a.py"}, "what git did not say then was not kept"


@pytest.mark.parametrize(
    "texts",
    [
        {".config/git/ignore": "*.gen\n/b.py\n"},
        {"xdg/git/ignore": "*.gen\n/b.py\n", ".config/git/ignore": "a.py"},
        {".gitconfig": '[core]\n\texcludesFile = "~/my patterns"', "my patterns": "*.gen\n/b.py\n", ".config/git/ignore": "a.py"},
        {".gitconfig": "[CORE]\nExcludesFile=below/them", "../project/below/them": "*.gen\n/b.py\n"},
        {".gitconfig": "[core]\nexcludesFile =\n", ".config/git/ignore": "*.gen"},
        {".config/git/config": "[include]\npath = more", ".config/git/more": "[core]\nexcludesfile = ~/mine", "mine": "*.gen\n/b.py\n"},
        {".gitconfig": "[core]\nexcludesFile = ~/gone", ".config/git/ignore": "*.gen"},
        {".gitconfig": "[user]\nname = n\n"},
    ],
    ids=["default", "XDG", "named", "from the top", "none on purpose", "included", "gone", "nothing"],
)
@pytest.mark.parametrize("inside", [".", "src"])
def test_what_a_person_ignores_everywhere_is_ignored(
    root: Path, git: Git, monkeypatch: pytest.MonkeyPatch, texts: Mapping[str, str], inside: str
) -> None:
    home = root.parent / "home"
    home.mkdir()
    fill(home, texts)
    fill(root, dict.fromkeys(("a.py", "b.py", "a.gen", "kept.gen", "tracked.gen", "src/a.py", "src/b.py", "src/a.gen", "src/kept.gen"), ""))
    fill(root, {".gitignore": "!kept.gen\n", "src/.gitignore": "!kept.gen\n"})
    git("add", "--force", "tracked.gen")
    person = {"HOME": str(home), **({"XDG_CONFIG_HOME": str(home / "xdg")} if "xdg/git/ignore" in texts else {})}
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    for name, value in person.items():
        monkeypatch.setenv(name, value)
    asked = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", **person}
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    told = subprocess.run(words, cwd=root / inside, env=asked, check=True, capture_output=True, text=True).stdout
    assert files(root / inside) == set(told.split("\0")) - {""}


def test_a_changed_wish_of_a_person_holds_at_once(root: Path, tmp_path: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(root, {"a.py": "", "a.gen": ""})
    git("add", "a.py")
    monkeypatch.delenv("GIT_CONFIG_GLOBAL")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files(root) == {"a.py", "a.gen"}
    fill(tmp_path, {".gitconfig": f"[core]\nexcludesFile = {tmp_path}/mine", "mine": "*.gen"})
    assert files(root) == {"a.py"}


def test_what_another_thread_forgets_meanwhile_is_found_nonetheless(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(dict[Any, Any]):
        @override
        def __setitem__(self, key: object, value: object) -> None:
            pass  # as if one with other settings had come between

    monkeypatch.setattr(personal_excludes, "_latest", Forgetful())
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert personal_excludes.personal_excludes(str(root)) == f"{tmp_path}/.config/git/ignore"


def test_a_repository_names_no_file_of_patterns(root: Path, tmp_path: Path, git: Git) -> None:
    fill(root, {"a.py": "", "a.gen": ""})
    fill(tmp_path, {"theirs": "*.gen"})
    git("config", "core.excludesFile", str(tmp_path / "theirs"))
    assert files(root) == {"a.py", "a.gen"}


LINES = st.sampled_from(
    "out out/ /out out/* out/** !out/keep.py *.gen !*.gen out* /src/ "  # noqa: SIM905 - as a literal it would be thirty lines
    "src/** src/**/ !out/**/ **/a.* !src * !*/ !.gitignore deep/keep.py !out/deep/ [oz]*.py "
    "?.py #x \\!x **/ /** !/* */ out/**/keep.py !out.py src/*/ a.gen".split()
)
RULES = st.lists(LINES, max_size=4).map("\n".join)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    fill(root, dict.fromkeys(NAMES, "x\n"))
    run_git(root, "init", "-q")
    run_git(root, "add", "--force", *FORCED)
    return root


@given(RULES, RULES, RULES, RULES)
def test_whatever_the_patterns_are_git_sees_the_same(repository: Path, top: str, src: str, out: str, own: str) -> None:
    fill(repository, {".gitignore": top, "src/.gitignore": src, "out/.gitignore": out, ".git/info/exclude": own})
    assert files(repository) == seen_by_git(repository)


PARTS = st.text("ab.-é\udc80", min_size=1, max_size=3)


@given(st.sets(st.lists(PARTS, min_size=1, max_size=3).map("/".join), max_size=12), st.lists(PARTS, min_size=1, max_size=3).map("/".join))
def test_names_are_found_among_those_that_git_tells(paths: set[str], asked: str) -> None:
    names = sorted(path.encode(errors="surrogateescape") for path in paths)
    tracked = Tracked(b"".join(name + b"\0" for name in names))
    assert tracked.holds(asked, is_folder=False) == (asked in paths)
    assert tracked.holds(asked, is_folder=True) == any(path == asked or path.startswith(f"{asked}/") for path in paths)
    assert tracked.differing(Tracked()) == Tracked().differing(tracked) == paths
    assert tracked.differing(tracked) == set()
