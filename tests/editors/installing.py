"""What a machine has on which the extension finds no server, and what it can install one with: without any network.

A package index is replaced by a folder of wheels, by pip's and uv's own configuration. They have the names and versions of what the server
needs, and in place of its modules a line that lends those of the tests' own environment. So what is installed is the server's real wheel,
by the real pip or uv, into a real environment, in a second instead of a minute.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
"""The Python that the tests' environment was made with."""
PYTHONS = ("python3", "python", "python3.14", "python3.13", "python3.12", "python3.11")
"""What the extension looks for."""
PYTHON_EXTENSION = """
const { existsSync, readFileSync } = require("node:fs");
const { Uri } = require("vscode");
const chosen = CHOSEN;
exports.activate = () => ({
  environments: {
    getActiveEnvironmentPath: () => ({ path: existsSync(chosen) ? readFileSync(chosen, "utf8") : "" }),
    resolveEnvironment: async ({ path }) => ({ executable: { uri: path ? Uri.file(path) : undefined } }),
  },
});
"""
"""Exports of the Python extension's API what an extension asks of it; the active environment is what a file says."""
MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata><Identity Language="en-US" Id="python" Version="1.0.0" Publisher="ms-python"/><DisplayName>Python</DisplayName></Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/></Assets>
</PackageManifest>"""
TYPES = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json"/><Default Extension=".js" ContentType="application/javascript"/>
  <Default Extension=".vsixmanifest" ContentType="text/xml"/>
</Types>"""


def wheels(folder: Path) -> Path:
    """Write a wheel for each package that the server needs, and return their folder."""
    folder.mkdir()
    for requirement in metadata.requires("coterie") or ():
        if "extra ==" in requirement:
            continue
        [name] = re.findall(r"^[A-Za-z0-9._-]+", requirement)
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:  # of another system
            continue
        lend(folder, name.replace("-", "_").replace(".", "_"), name, version)
    return folder


def lend(folder: Path, escaped: str, name: str, version: str) -> None:
    """Write one wheel."""
    information = f"{escaped}-{version}.dist-info"
    files = {
        f"{escaped}_lent.pth": f"{sysconfig.get_path('purelib')}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: coterie\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{path},sha256={digest(text)},{len(text.encode())}" for path, text in files.items()]
    files[f"{information}/RECORD"] = "\n".join([*record, f"{information}/RECORD,,", ""])
    with zipfile.ZipFile(folder / f"{escaped}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def digest(text: str) -> str:
    """Return a checksum as wheels write it."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def python_extension(folder: Path, chosen: Path) -> Path:
    """Write a `.vsix` that stands for the Python extension; `chosen` is the file that names the active environment's program."""
    package = {
        "name": "python",
        "publisher": "ms-python",
        "version": "1.0.0",
        "engines": {"vscode": "^1.91.0"},
        "main": "./extension.js",
        "activationEvents": ["*"],
        "capabilities": {"untrustedWorkspaces": {"supported": "limited", "description": "It runs nothing there."}},
    }
    vsix = folder / "python.vsix"
    with zipfile.ZipFile(vsix, "w") as archive:
        archive.writestr("extension.vsixmanifest", MANIFEST)
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("extension/package.json", json.dumps(package))
        archive.writestr("extension/extension.js", PYTHON_EXTENSION.replace("CHOSEN", json.dumps(str(chosen))))
    return vsix


def bare(environment: Mapping[str, str], tools: Path) -> dict[str, str]:
    """Return the environment of a machine with no server: a folder of tools comes first, and none that has a server or uv stays.

    The tools begin with every Python that is looked for, each too old.
    """
    tools.mkdir()
    for python in PYTHONS:
        tool(tools, python, "echo 3 9")
    folders = environment["PATH"].split(os.pathsep)
    others = [folder for folder in folders if not any(shutil.which(each, path=folder) for each in ("coterie", "uvx"))]
    path = os.pathsep.join([str(tools), *others])
    # VS Code asks the person's shell what the PATH of extensions is.
    (Path(environment["HOME"]) / ".profile").write_text(f'export PATH="{path}"\n', encoding="utf-8")
    return {**environment, "PATH": path}


def tool(tools: Path, name: str, does: str) -> None:
    """Put a program among the tools, at once: something may look at it just now."""
    draft = tools / f".{name}"
    draft.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    draft.chmod(0o755)
    draft.replace(tools / name)
