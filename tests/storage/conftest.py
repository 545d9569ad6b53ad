"""A store in a folder of its own, and other servers on the same home."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import TypeAlias

import pytest

from coterie.storage.store import FILE, Store

PROGRAM = Path(__file__).with_name("other_server.py")

StartServer: TypeAlias = Callable[[str, str], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture(params=["alone", "beside a newer one"])
async def store(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Return a store on an empty home; also one whose file a server of a later version has migrated since it was opened."""
    store = Store(tmp_path)
    if request.param == "beside a newer one":
        await store.channels.list()
        add_columns(tmp_path / FILE)
    yield store
    await store.aclose()


def add_columns(file: Path) -> None:
    """Add to each table what a migration may add, which ``test_database`` says."""
    with closing(sqlite3.connect(file)) as connection, connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        ]
        for table in tables:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN of_a_later_version TEXT NOT NULL DEFAULT ''")


@asynccontextmanager
async def other_server(folder: Path, run_id: str, how_far: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run another server until it has come as far as ``how_far``; it is dead at the end."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), str(folder), run_id, how_far, stdin=pipe, stdout=pipe)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == f"{how_far}\n".encode()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def start_server(tmp_path: Path) -> AsyncIterator[StartServer]:
    """Return what starts another server on the home of `store`, with a run of this id."""
    async with AsyncExitStack() as servers:

        async def start(run_id: str, how_far: str) -> asyncio.subprocess.Process:
            return await servers.enter_async_context(other_server(tmp_path, run_id, how_far))

        yield start
