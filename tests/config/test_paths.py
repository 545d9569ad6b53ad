"""Where files live."""

from pathlib import Path

from coterie.config.paths import places


def test_one_variable_puts_everything_below_one_folder() -> None:
    found = places({"COTERIE_HOME": "~/coterie", "HOME": "/home/me"})
    home = Path("/home/me/coterie")
    assert found.config_file == home / "config.toml"
    assert {found.data.parent, found.cache.parent, found.state.parent} == {home}
    assert len({found.config, found.data, found.cache, found.state}) == 4


def test_without_it_the_platform_decides() -> None:
    found = places({})
    assert found.config.name == found.data.name == found.cache.name == "coterie"
