"""Where files live, and what a reference to a key means."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from coterie.config.keys import value_of, variable_of
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


@pytest.mark.parametrize(
    ("key", "environ", "variable", "value"),
    [
        ("env:A_KEY", {"A_KEY": "v"}, "A_KEY", "v"),
        ("env:A_KEY", {}, "A_KEY", None),
        ("env:A_KEY", {"A_KEY": ""}, "A_KEY", None),
        ("v", {}, None, "v"),
    ],
)
def test_a_key_is_read_where_its_reference_points(key: str, environ: dict[str, str], variable: str | None, value: str | None) -> None:
    assert variable_of(SecretStr(key)) == variable
    assert value_of(SecretStr(key), environ) == value
