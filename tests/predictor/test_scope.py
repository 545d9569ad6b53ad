"""Which names a candidate uses that are waited for, or are those around it."""

import pytest

from coterie.predictor.scope import of_names, scope

BEFORE = "import os\n\ndef load(path):\n    path = os.path.join(path)\n    content = path.read()\n    user_name = "
BEHIND = "    return parse(content, user_name, limit)\n"
NAMES = scope("shop/store.py", BEFORE, "    user_name = ", BEHIND, BEHIND)


@pytest.mark.parametrize(
    ("text", "measure", "expected"),
    [
        ("content.strip()", "unused", 1.0),
        ("path.strip()", "unused", 0.0),
        ("limit", "missing", 1.0),
        ("content", "missing", 0.0),
        ("content", "from_above", 1.0),
        ("content(other)", "from_above", 0.5),
        ("limit", "from_below", 1.0),
        ("getUserName()", "echo", 2 / 3),
        ("getUserName()", "long_parts", 2.0),
        ("store.shop", "from_path", 2.0),
        ("a(b, c, 1)", "names", 3.0),
        ("12", "echo", 0.0),
    ],
)
def test_names_are_told(text: str, measure: str, expected: float) -> None:
    assert of_names(NAMES, text)[measure] == pytest.approx(expected)
