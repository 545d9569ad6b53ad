"""Real commands in the real bubblewrap: what they see, what they reach, and that nothing of them is left."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from coterie.domain.workspace_ports import Command
from coterie.sandbox import repositories
from coterie.sandbox.environment import command_environment
from coterie.sandbox.probe import ProbedSandbox

CANARY = "canary-5f0c"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "coterie-home"
    folder.mkdir()
    (folder / "vault").write_text(CANARY)
    return folder


@pytest.fixture
def sandbox(home: Path) -> ProbedSandbox:
    environ = {**os.environ, "ANTHROPIC_API_KEY": CANARY, "LC_TOKEN": CANARY, "DATABASE_URL": CANARY}
    return ProbedSandbox("bubblewrap", environ, hidden=[str(home)])


def command(
    line: str,
    workspace: Path,
    *,
    also: Path | None = None,
    timeout_s: float = 60,
    unsaved: dict[str, str] | None = None,
    repository: bool = False,
) -> Command:
    return Command(
        argv=("/bin/sh", "-c", line),
        cwd=str(workspace),
        writable=(str(workspace), *([] if also is None else [str(also)])),
        unsaved=unsaved or {},
        timeout_s=timeout_s,
        repository=repository,
    )


def git(folder: Path, *words: str) -> str:
    """Run git as the person does."""
    name = ("-c", "user.name=me", "-c", "user.email=me@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *name, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


async def test_the_probe_says_that_it_works_here(sandbox: ProbedSandbox) -> None:
    assert sandbox.seen().level == "unknown"
    assert (await sandbox.status()).level == "bubblewrap"
    assert sandbox.seen().level == "bubblewrap"


async def test_no_key_is_in_the_environment_of_any_process(sandbox: ProbedSandbox, workspace: Path) -> None:
    result = await sandbox.run(command("env; cat /proc/*/environ", workspace))
    assert "GIT_OPTIONAL_LOCKS=0" in result.output
    assert CANARY not in result.full_output


@pytest.mark.parametrize(
    "target", ["../outside", "/etc/coterie-was-here", "~/coterie-was-here", ".git/hooks/pre-commit", ".vscode/tasks.json"]
)
async def test_nothing_is_written_outside_or_into_settings(sandbox: ProbedSandbox, workspace: Path, target: str) -> None:
    (workspace / ".git/hooks").mkdir(parents=True)
    (workspace / ".vscode").mkdir()
    result = await sandbox.run(command(f"echo made > made; echo x > {target}", workspace))
    assert (workspace / "made").read_text() == "made\n"
    assert not (workspace / Path(target).expanduser()).exists()
    # Where /tmp is private the write beside the workspace succeeds, in a place that is gone with the command.
    assert result.exit_code != 0 or target == "../outside"


@pytest.mark.parametrize("folder", [".coterie", ".vscode", ".idea", ".git"])
async def test_a_folder_of_settings_that_is_not_there_is_not_made(sandbox: ProbedSandbox, workspace: Path, folder: str) -> None:
    tries = f"mkdir -p {folder}; mv {folder} moved; rm -rf {folder}; echo x > {folder}/config.toml; ls -A {folder}; echo made > made"
    result = await sandbox.run(command(tries, workspace))
    assert (workspace / "made").read_text() == "made\n"
    assert f"cannot create {folder}/config.toml: Read-only file system" in result.output
    assert [each.name for each in workspace.iterdir()] == ["made"], "and it is gone again"


async def test_a_repository_is_made_in_no_folder_of_the_workspace_but_by_what_may(
    sandbox: ProbedSandbox, workspace: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    refused = await sandbox.run(command(f"git init; cd {second} && git init", workspace, also=second))
    assert refused.exit_code != 0
    assert [*workspace.iterdir(), *second.iterdir()] == []
    made = await sandbox.run(command("git init -q . && git config x.y z", workspace, also=second, repository=True))
    assert (made.exit_code, git(workspace, "config", "x.y")) == (0, "z\n")
    assert list(second.iterdir()) == []


async def test_a_repository_that_is_made_while_another_command_runs_stays_and_is_shut_to_that_one(
    sandbox: ProbedSandbox, workspace: Path
) -> None:
    for name in ("begun", "go"):
        os.mkfifo(workspace / name)
    async with asyncio.TaskGroup() as tasks:
        longer = tasks.create_task(sandbox.run(command("echo > begun; cat go; echo x > .git/config", workspace)))
        await asyncio.to_thread((workspace / "begun").read_text)
        assert (await sandbox.run(command("git init -q .", workspace, repository=True))).exit_code == 0
        await asyncio.to_thread((workspace / "go").write_text, "")
    assert "Read-only file system" in longer.result().output
    assert git(workspace, "rev-parse", "--is-inside-work-tree") == "true\n"


@pytest.mark.parametrize("own", [False, True])
async def test_a_folder_within_a_repository_is_the_same_to_all_while_a_command_runs(
    sandbox: ProbedSandbox, workspace: Path, *, own: bool
) -> None:
    git(workspace, "init", "-q")
    inner = workspace / "inner"
    inner.mkdir()
    (inner / "a.py").write_text("x\n")
    if own:
        git(inner, "init", "-q")
    for name in ("begun", "go"):
        os.mkfifo(inner / name)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sandbox.run(command("echo > begun; ls -A; cat go; echo x > .git/config", inner)))
        await asyncio.to_thread((inner / "begun").read_text)
        assert git(inner, "status", "--short", "--", "a.py") == "?? a.py\n"
        assert (inner / ".git").exists() is own, "where any .git ends the search for what is ignored, and for settings"
        await asyncio.to_thread((inner / "go").write_text, "")
    assert (".git" in running.result().output.splitlines()) is own
    assert running.result().exit_code != 0
    assert (inner / ".git").exists() is own


async def test_repositories_within_a_workspace_are_not_written(sandbox: ProbedSandbox, workspace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for folder in (workspace, workspace / "vendored" / "deep", other):
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q")
        git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    git(workspace, "submodule", "add", "-q", str(other), "module")
    git(workspace, "worktree", "add", "-q", "tree")
    (workspace / "bare").mkdir()
    git(workspace / "bare", "init", "-q", "--bare", "store")
    (workspace / "bare/.git").write_text("gitdir: store\n")
    git(workspace, "init", "-q", "--bare", "hub")
    (workspace / "shares").mkdir()
    (workspace / "shares/HEAD").write_text("ref: refs/heads/x\n")
    (workspace / "shares/commondir").write_text("../hub\n")
    repositories = ("vendored/deep/.git/config", "module/.git", ".git/modules/module/config", "tree/.git", "bare/store/hooks/post-commit")
    targets = (*repositories, "hub/config", "shares/config")
    before = {target: (workspace / target).read_bytes() if (workspace / target).exists() else None for target in targets}
    for target in targets:
        result = await sandbox.run(command(f"echo made > made; rm -rf {target}; echo x > {target}", workspace))
        assert result.exit_code != 0, target
    assert {target: (workspace / target).read_bytes() if (workspace / target).exists() else None for target in targets} == before
    assert (workspace / "made").exists()
    allowed = await sandbox.run(command("cd vendored/deep && git config x.y z", workspace, repository=True))
    assert (allowed.exit_code, git(workspace / "vendored/deep", "config", "x.y")) == (0, "z\n")


async def test_a_repository_that_a_command_makes_is_told(sandbox: ProbedSandbox, workspace: Path) -> None:
    git(workspace, "init", "-q")
    git(workspace, "init", "-q", "known")
    (workspace / "known/inner").mkdir()
    for root, place in ((workspace, "new/.git"), (workspace / "known/inner", ".git")):
        result = await sandbox.run(command(f"mkdir -p {place} && echo made", root))
        assert (
            result.output
            == f"[New while this ran, to be looked at before git is used there, which obeys what they say: {root}/{place}]\nmade\n"
        )
        assert (await sandbox.run(command("echo again", root))).output == "again\n"
    assert (await sandbox.run(command("git init -q third", workspace, repository=True))).output == ""
    bare = await sandbox.run(command("git init -q --bare hub", workspace))
    assert bare.output.endswith(f"which obeys what they say: {workspace}/hub]\n")
    assert (await sandbox.run(command("echo x > config", workspace / "hub"))).output == "", "whose own folder it is writes in it"


async def test_folders_that_are_too_many_to_be_looked_through_are_told(
    sandbox: ProbedSandbox, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repositories, "MOST_FOLDERS", 5)
    for name in ("a", "b", "c/deep"):
        (workspace / name).mkdir(parents=True)
        git(workspace / name, "init", "-q")
    result = await sandbox.run(command("echo x > a/.git/config; echo x > c/deep/.git/config", workspace))
    assert "a/.git/config: Read-only file system" in result.output
    assert result.output.startswith("[Repositories beyond the nearest 5 folders of the workspace are not kept from being written here.]\n")
    (workspace / "c/deep/.git").rename(workspace / "c/deep/other")
    monkeypatch.setattr(repositories, "MOST_FOLDERS", 100)
    assert "beyond" not in (await sandbox.run(command("true", workspace))).output


@pytest.fixture
def worktree(tmp_path: Path) -> Path:
    """Return a worktree whose repository lies outside of it, below a folder that commands do not see."""
    main = tmp_path / "main"
    main.mkdir()
    git(main, "init", "-q", "-b", "main")
    git(main, "commit", "-q", "--allow-empty", "-m", "first")
    git(main, "worktree", "add", "-q", str(tmp_path / "tree"))
    return tmp_path / "tree"


async def test_in_a_worktree_git_looks_and_commits_only_where_that_is_allowed(
    sandbox: ProbedSandbox, worktree: Path, tmp_path: Path
) -> None:
    commit = "git -c user.name=me -c user.email=me@example.org commit -q --allow-empty -m made && echo done"
    looked = await sandbox.run(command(f"git log --format=%s; {commit}", worktree))
    assert looked.output.startswith("first\n")
    assert "done" not in looked.output
    assert (await sandbox.run(command(commit, worktree, repository=True))).output == "done\n"
    assert git(worktree, "log", "--format=%s") == "made\nfirst\n"
    assert git(tmp_path / "main", "log", "--format=%s") == "first\n"


@pytest.mark.parametrize("lie", ["gitdir: {outside}", "gitdir: {outside}/worktrees/x", "gitdir: own/worktrees/x", "gitdir: \0"])
async def test_a_file_of_the_project_opens_nothing_outside_of_it(sandbox: ProbedSandbox, workspace: Path, tmp_path: Path, lie: str) -> None:
    outside = tmp_path / "outside"
    (outside / "worktrees/x").mkdir(parents=True)
    (outside / "HEAD").write_text("ref: refs/heads/main\n")
    (outside / "canary").write_text(CANARY)
    (workspace / "own/worktrees/x").mkdir(parents=True)
    (workspace / "own/worktrees/x/gitdir").write_text(f"{workspace}/.git\n")
    (workspace / "own/worktrees/x/commondir").write_text(f"{outside}\n")
    (workspace / "own/HEAD").write_text("ref: refs/heads/main\n")
    (workspace / ".git").write_text(lie.format(outside=outside) + "\n")
    result = await sandbox.run(command(f"cat {outside}/canary; echo x > {outside}/made", workspace, repository=True))
    assert CANARY not in result.output
    assert not (outside / "made").exists()


async def test_the_end_of_one_command_opens_no_folder_of_settings_to_another(sandbox: ProbedSandbox, workspace: Path) -> None:
    for name in ("begun", "go"):
        os.mkfifo(workspace / name)
    async with asyncio.TaskGroup() as tasks:
        line = "echo > begun; cat go; mkdir .coterie; echo x > .coterie/config.toml"
        longer = tasks.create_task(sandbox.run(command(line, workspace)))
        await asyncio.to_thread((workspace / "begun").read_text)
        assert (await sandbox.run(command("echo short", workspace))).exit_code == 0
        assert (workspace / ".coterie").is_dir(), "the other one still needs it"
        await asyncio.to_thread((workspace / "go").write_text, "")
    assert "Read-only file system" in longer.result().output
    assert sorted(each.name for each in workspace.iterdir()) == ["begun", "go"]


async def test_what_a_person_puts_into_a_folder_of_settings_meanwhile_stays(sandbox: ProbedSandbox, workspace: Path) -> None:
    (workspace / ".idea").mkdir()
    for name in ("begun", "go"):
        os.mkfifo(workspace / name)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sandbox.run(command("echo > begun; cat go", workspace)))
        await asyncio.to_thread((workspace / "begun").read_text)
        (workspace / ".vscode/settings.json").write_text("{}")
        await asyncio.to_thread((workspace / "go").write_text, "")
    assert (workspace / ".vscode/settings.json").read_text() == "{}"
    assert (workspace / ".idea").is_dir(), "an empty one of the person's own"
    assert not (workspace / ".coterie").exists()


async def test_coteries_own_folder_cannot_be_read(sandbox: ProbedSandbox, workspace: Path, home: Path) -> None:
    result = await sandbox.run(command(f"ls -A {home}; cat {home}/vault", workspace))
    assert result.exit_code != 0
    assert CANARY not in result.output


async def test_coteries_own_folder_within_the_workspace_cannot_be_read(workspace: Path) -> None:
    inner = workspace / "state"
    inner.mkdir()
    (inner / "vault").write_text(CANARY)
    sandbox = ProbedSandbox("bubblewrap", os.environ, hidden=[str(inner)])
    result = await sandbox.run(command("cat state/vault; echo made > made", workspace))
    assert CANARY not in result.output
    assert (workspace / "made").exists()


async def test_secrets_of_the_home_folder_are_hidden(tmp_path: Path) -> None:
    home = tmp_path / "user"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id_ed25519").write_text(CANARY)
    (home / ".netrc").write_text(CANARY)
    (home / "notes").write_text("seen")
    sandbox = ProbedSandbox("bubblewrap", {**os.environ, "HOME": str(home)})
    seen = Command(
        argv=("/bin/sh", "-c", "cat ~/.ssh/id_ed25519 ~/.netrc; cat ~/notes"),
        cwd=str(home),
        writable=(str(home),),
        unsaved={},
        timeout_s=60,
    )
    result = await sandbox.run(seen)
    assert CANARY not in result.output
    assert result.output.endswith("seen")


async def test_there_is_no_network(sandbox: ProbedSandbox, workspace: Path) -> None:
    (workspace / ".venv/bin").mkdir(parents=True)
    (workspace / ".venv/bin/python").symlink_to(sys.executable)
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        connect = f"python -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))'"
        result = await sandbox.run(command(connect, workspace))
    assert "ConnectionRefusedError" in result.output


async def test_unsaved_texts_are_what_commands_see(sandbox: ProbedSandbox, workspace: Path) -> None:
    saved = workspace / "saved.py"
    saved.write_text("old\n")
    unsaved = {str(saved): "typed\r\n", str(workspace / "new/unsaved.py"): "new\n", str(workspace / ".vscode/tasks.json"): "{}"}
    result = await sandbox.run(command("cat saved.py new/unsaved.py; echo lost > saved.py", workspace, unsaved=unsaved))
    assert result.output.startswith("typed\r\nnew\n")
    assert result.exit_code != 0, "a write that the buffer would overwrite must not seem to work"
    assert saved.read_text() == "old\n"
    assert sorted(path.name for path in workspace.rglob("*")) == ["saved.py"]


async def test_the_projects_interpreter_below_tmp_is_there(sandbox: ProbedSandbox, workspace: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "pythons/3/bin"
    elsewhere.mkdir(parents=True)
    (elsewhere / "python").write_text("#!/bin/sh\necho the interpreter of the project\n")
    (elsewhere / "python").chmod(0o755)
    environment = workspace / ".venv/bin"
    environment.mkdir(parents=True)
    (environment / "python").symlink_to(elsewhere / "python")
    result = await sandbox.run(command("python", workspace))
    assert result.output == "the interpreter of the project\n"


def test_the_servers_own_interpreter_is_never_the_projects() -> None:
    outer = {"PATH": f"{sys.prefix}/bin:/usr/bin", "VIRTUAL_ENV": sys.prefix}
    inner = command_environment(outer, [], server_prefix=sys.prefix)
    assert inner["PATH"] == "/usr/bin"
    assert "VIRTUAL_ENV" not in inner


LEAVES_A_CHILD = "(setsid sleep 86399.{tag} >/dev/null 2>&1 &); echo started > started; "


def sleepers(tag: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cmdline() == ["sleep", f"86399.{tag}"]:
                found.append(process)
        except psutil.Error:
            continue
    return found


async def test_a_timeout_ends_children_that_left_their_group(sandbox: ProbedSandbox, workspace: Path) -> None:
    tag = f"{os.getpid()}1"
    result = await sandbox.run(command(LEAVES_A_CHILD.format(tag=tag) + "echo before; sleep 1000", workspace, timeout_s=2))
    assert (result.timed_out, result.exit_code) == (True, None)
    assert not sleepers(tag)


async def test_the_end_of_a_command_ends_what_it_left_running(sandbox: ProbedSandbox, workspace: Path) -> None:
    tag = f"{os.getpid()}2"
    result = await sandbox.run(command(LEAVES_A_CHILD.format(tag=tag) + "echo done", workspace))
    assert (result.output, result.exit_code) == ("done\n", 0)
    assert not sleepers(tag)


async def test_cancelling_waits_until_every_child_is_gone(sandbox: ProbedSandbox, workspace: Path) -> None:
    tag = f"{os.getpid()}3"
    os.mkfifo(workspace / "started")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sandbox.run(command(LEAVES_A_CHILD.format(tag=tag) + "sleep 1000", workspace)))
        await asyncio.to_thread((workspace / "started").read_text)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert not sleepers(tag)


SERVER = """
import asyncio, os, sys
from coterie.domain.workspace_ports import Command
from coterie.sandbox.probe import ProbedSandbox
line, folder = sys.argv[1:]
command = Command(argv=("/bin/sh", "-c", line), cwd=folder, writable=(folder,), unsaved={}, timeout_s=600)
asyncio.run(ProbedSandbox("bubblewrap", os.environ).run(command))
"""


async def test_nothing_survives_a_server_that_is_killed(workspace: Path) -> None:
    tag = f"{os.getpid()}4"
    os.mkfifo(workspace / "started")
    line = LEAVES_A_CHILD.format(tag=tag) + f"sleep 86399.{tag}"
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, line, str(workspace))
    await asyncio.to_thread((workspace / "started").read_text)
    server.kill()
    await server.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, sleepers(tag), 60)
    assert not alive
