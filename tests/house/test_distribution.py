"""What a user installs is whole: the wheel holds every file of the package, data and prompts too, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

from repository import ROOT, tracked


def test_the_wheel_holds_the_whole_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    package = {str(path.relative_to(ROOT / "server")) for path in tracked("server")}
    assert "coterie/py.typed" in package
    assert package <= names
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"coterie"}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "coterie = coterie.__main__:main" in entry_points
