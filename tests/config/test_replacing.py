"""A file of settings is replaced whole, and nobody's writing is lost by it."""

import os
import threading
import tomllib
from codecs import BOM_UTF8
from collections.abc import Mapping
from pathlib import Path

import pytest

from coterie.base.errors import SettingsError
from coterie.base.kept_file import alone
from coterie.config.load import load
from coterie.config.replacing import FRESH_SUFFIX, can_rewrite, rewrite
from coterie.config.rewriting import with_key


def chosen(text: str) -> str:
    """Choose another model."""
    return with_key(text, ("model",), "c/d")


def test_what_a_person_saves_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('model = "a/b"\n', encoding="utf-8")
    texts: list[str] = []

    def change(text: str) -> str:
        texts.append(text)
        if len(texts) == 1:
            file.write_text('model = "a/b" # saved just now\n', encoding="utf-8")
        return with_key(text, ("small_model",), "c/d")

    assert rewrite(file, tmp_path / "lock", change)
    assert len(texts) == 2
    assert file.read_text(encoding="utf-8") == 'model = "a/b" # saved just now\nsmall_model = "c/d"\n'


def test_a_file_that_never_holds_still_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"

    def change(text: str) -> str:
        file.write_text(f"{text}#\n", encoding="utf-8")
        return "mine"

    with pytest.raises(SettingsError, match="all the time"):
        rewrite(file, tmp_path / "lock", change)
    assert set(file.read_text(encoding="utf-8")) == {"#", "\n"}
    assert {each.name for each in tmp_path.iterdir()} == {"config.toml", "lock"}


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "new" / "config.toml"

    def write(number: int) -> None:
        for each in range(5):
            rewrite(file, tmp_path / "lock", lambda text, each=each: with_key(text, ("actions", f"a{number}_{each}", "prompt"), "x"))  # type: ignore[misc]

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    actions: Mapping[str, object] = tomllib.loads(file.read_text(encoding="utf-8"))["actions"]
    assert actions.keys() == {f"a{number}_{each}" for number in range(4) for each in range(5)}


def test_mode_and_link_stay_and_the_same_text_is_not_written(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles.toml", tmp_path / "config.toml"
    real.write_text('model = "a/b"\n', encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    before = real.stat().st_ino
    assert not rewrite(link, tmp_path / "lock", lambda text: with_key(text, ("model",), "a/b"))
    assert real.stat().st_ino == before
    assert rewrite(link, tmp_path / "lock", lambda text: with_key(text, ("model",), "c/d"))
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert real.read_text(encoding="utf-8") == 'model = "c/d"\n'


def test_a_byte_order_mark_is_read_past_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(BOM_UTF8 + b'model = "a/b"\r\n')
    assert rewrite(file, tmp_path / "lock", chosen)
    assert file.read_bytes() == BOM_UTF8 + b'model = "c/d"\r\n'
    loaded = load({"COTERIE_HOME": str(tmp_path)})
    assert (loaded.settings.model, loaded.problems) == ("c/d", ())


def test_what_a_killed_server_left_goes_with_the_next_write_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    dead = 2**22 + 1
    gone = [f"config.toml.{dead}{FRESH_SUFFIX}", f"config.toml.{2**200}{FRESH_SUFFIX}"]
    stays = [
        f"config.toml.{os.getppid()}{FRESH_SUFFIX}",
        f"config.toml.mine{FRESH_SUFFIX}",
        f"config.toml{FRESH_SUFFIX}",
        f"config.toml.old.{dead}{FRESH_SUFFIX}",
        f"other.{dead}{FRESH_SUFFIX}",
        "config.toml.20261122.new",
    ]
    for name in (*gone, *stays):
        (tmp_path / name).touch()
    assert rewrite(file, tmp_path / "lock", chosen)
    assert {each.name for each in tmp_path.iterdir()} == {*stays, "config.toml", "lock"}


def test_a_file_that_nobody_may_write_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('model = "a/b"\n', encoding="utf-8")
    assert can_rewrite(file, tmp_path / "lock", chosen)
    file.chmod(0o444)
    with pytest.raises(PermissionError, match="read-only"):
        rewrite(file, tmp_path / "lock", chosen)
    assert not can_rewrite(file, tmp_path / "lock", chosen)
    assert file.read_text(encoding="utf-8") == 'model = "a/b"\n'


def test_whether_a_file_could_be_written_is_known_before(tmp_path: Path) -> None:
    assert can_rewrite(tmp_path / "new" / "config.toml", tmp_path / "lock", chosen)
    assert not (tmp_path / "new").exists()
    for name, content in (("broken", b"[half"), ("binary", b"\xff\xfe")):
        (tmp_path / name).write_bytes(content)
        assert not can_rewrite(tmp_path / name, tmp_path / "lock", chosen)
    assert not can_rewrite(tmp_path / "broken" / "config.toml", tmp_path / "lock", chosen)


def test_a_link_that_leads_in_a_circle_is_said(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.symlink_to(file)
    assert not can_rewrite(file, tmp_path / "lock", chosen)
    with pytest.raises(SettingsError, match=r"config.toml is a link that leads in a circle"):
        rewrite(file, tmp_path / "lock", chosen)
    assert file.is_symlink()


def test_nobody_waits_for_ever_for_a_server_that_was_stopped(tmp_path: Path) -> None:
    file, lock = tmp_path / "config.toml", tmp_path / "lock"
    with alone(lock):
        assert not can_rewrite(file, lock, chosen, within_s=0)
        with pytest.raises(TimeoutError, match="holds its lock"), alone(lock, within_s=0):
            raise AssertionError("two hold it")
    assert can_rewrite(file, lock, chosen, within_s=0)
    (tmp_path / "folder").mkdir()
    assert not can_rewrite(file, tmp_path / "folder", chosen)
