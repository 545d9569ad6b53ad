"""`coterie serve --tcp` and `--ws`: several clients in one process, and who is let in."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from websockets.exceptions import InvalidStatus

from coterie.app.admission import admission_for, endpoint
from lsp_client import BOUND_S, LspClient, conversation
from network_stage import HOST, Scheme, network

TOKEN = "the token of this test"
BOTH = pytest.mark.parametrize("scheme", ["tcp", "ws"])
NEVER_S = 3600.0
SERVE = (sys.executable, "-m", "coterie", "serve")


@BOTH
async def test_two_clients_have_their_own_answers_and_see_the_same_run(tmp_path: Path, scheme: Scheme) -> None:
    async with network(tmp_path, scheme) as here, here.editor() as one, here.editor() as two:
        same_id = [
            await editor.client.ask("agent/run/get", {"runId": name}, msg_id="x") for editor, name in ((one, "run_1"), (two, "run_2"))
        ]
        for editor, msg_id, name in zip((one, two), same_id, ("run_1", "run_2"), strict=True):
            with pytest.raises(Exception, match=name):
                await editor.client.result(msg_id)
        run_id = await one.start("Make it")
        question = await two.asked()
        assert await one.asked() == question
        await two.answer(question, "allow_once")
        assert (await one.ended(run_id))["state"] == (await two.ended(run_id))["state"] == "succeeded"
        assert one.of(run_id) == two.of(run_id), "each is told the same, in the same order"
        assert one.text("made") == ""


async def test_a_run_outlives_the_client_that_started_it(tmp_path: Path) -> None:
    async with network(tmp_path, "tcp") as here, here.editor() as second:
        async with here.editor() as first:
            run_id = await first.start("Make it")
            await first.asked()
            first.client.writer.close()
            await first.client.end()
        await second.answer(await second.asked(), "allow_once")
        assert (await second.ended(run_id))["state"] == "succeeded"


def _encryption(folder: Path) -> tuple[ssl.SSLContext | None, ssl.SSLContext]:
    """Return what the listener speaks TLS with, and what its clients trust."""
    authority = trustme.CA()
    cert, key = folder / "cert.pem", folder / "key.pem"
    issued = authority.issue_cert(HOST)
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return admission_for(endpoint("0"), "", token_file=None, cert=cert, key=key).tls, trusting


@BOTH
async def test_a_client_that_shows_the_token_is_served_over_tls(tmp_path: Path, scheme: Scheme) -> None:
    tls, trusting = _encryption(tmp_path)
    async with network(tmp_path, scheme, token=TOKEN, tls=tls, trusting=trusting) as here, here.client() as client:
        assert (await client.initialize())["serverInfo"]["name"] == "coterie"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"Authorization: Bearer wrong\r\n", id="a wrong token"),
        pytest.param(f"Authorization: Basic {TOKEN}\r\n".encode(), id="another scheme"),
        pytest.param(b'Content-Length: 2\r\n\r\n{"jsonrpc":"2.0","id":1,"method":"initialize"}', id="none"),
        pytest.param(b"Authorization: Bearer " + b"x" * 8192, id="a line without end"),
    ],
)
async def test_who_does_not_show_the_token_is_hung_up_on(tmp_path: Path, said: bytes) -> None:
    async with network(tmp_path, "tcp", token=TOKEN) as here:
        assert await here.hung_up_on(said)
        async with here.client() as client:
            await client.initialize()


@pytest.mark.parametrize(
    ("query", "authorization", "status"),
    [("", None, 401), ("", "Bearer wrong", 401), ("?token=wrong", None, 401), ("?token=the%20token%20of%20this%20test", None, None)],
)
async def test_websocket_takes_the_token_from_the_header_or_the_query(
    tmp_path: Path, query: str, authorization: str | None, status: int | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with network(tmp_path, "ws", token=TOKEN) as here:
        if status is None:
            async with here.websocket(query, additional_headers=headers):
                return
        with pytest.raises(InvalidStatus) as refused:
            await here.websocket(query, additional_headers=headers)
        assert refused.value.response.status_code == status


@pytest.mark.parametrize(("shown", "status"), [("schlüssel".encode(), b"101"), (b"schl\xfcssel", b"401")])
async def test_a_token_is_compared_byte_by_byte(tmp_path: Path, shown: bytes, status: bytes) -> None:
    asked = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n"
    async with network(tmp_path, "ws", token="schlüssel") as here:
        reader, writer = await here.stream()
        writer.write(b"GET / HTTP/1.1\r\n%bAuthorization: Bearer %b\r\n\r\n" % (asked % base64.b64encode(bytes(16)), shown))
        said = await asyncio.wait_for(reader.readline(), BOUND_S)
        writer.close()
        assert said.split()[1] == status


async def test_no_web_page_is_let_in_without_a_token(tmp_path: Path) -> None:
    async with network(tmp_path, "ws") as here:
        with pytest.raises(InvalidStatus) as refused:
            await here.websocket(origin="https://page.example")
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "first_line",
    [
        pytest.param(b"POST / HTTP/1.1\r\n", id="HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00 a session ticket of the page's choice\r\n\r\n", id="TLS"),
        pytest.param(b"Content-Length\r\n", id="no field"),
        pytest.param(b"\r\n", id="nothing"),
    ],
)
async def test_without_a_token_what_does_not_begin_like_lsp_is_hung_up_on(tmp_path: Path, first_line: bytes) -> None:
    """A browser that a web page leads here sends bytes of the page's choice behind a first line that is the browser's own."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    async with network(tmp_path, "tcp") as here:
        assert await here.hung_up_on(b"%bContent-Length: %d\r\n\r\n%b" % (first_line, len(body), body))


@BOTH
async def test_a_client_too_many_is_told_so_and_has_room_when_one_has_left(tmp_path: Path, scheme: Scheme) -> None:
    async with network(tmp_path, scheme, most_clients=1) as here:
        async with here.client() as first:
            await first.initialize()
            async with here.client() as second:
                with pytest.raises(Exception, match="1 clients already"):
                    await second.initialize()
                await second.end()
            assert (await first.request("agent/status"))["version"], "who was there first is served as before"
            await first.leave()
        async with here.client() as third:
            await third.initialize()


@BOTH
@pytest.mark.parametrize("encrypted", [False, True])
async def test_connections_that_say_nothing_are_bounded(tmp_path: Path, scheme: Scheme, *, encrypted: bool) -> None:
    tls, trusting = _encryption(tmp_path) if encrypted else (None, None)
    async with network(tmp_path, scheme, tls=tls, trusting=trusting, most_connections=2, handshake_s=NEVER_S) as here:
        first, second, third = [await asyncio.open_connection(HOST, here.port) for _ in range(3)]
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(third[0].read(), BOUND_S) == b"", "it is hung up on"
        for reader, writer in (first, second):
            writer.write_eof()
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), BOUND_S) == b""
        async with here.client() as client:
            await client.initialize()
        for _, writer in (first, second, third):
            writer.close()


@BOTH
@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: "])
async def test_who_is_still_arriving_does_not_hold_up_the_end(tmp_path: Path, scheme: Scheme, said: bytes) -> None:
    async with network(tmp_path, scheme, handshake_s=NEVER_S) as here:
        reader, writer = await here.stream()
        writer.write(said)
        await writer.drain()
    assert await asyncio.wait_for(reader.read(), BOUND_S) == b""
    writer.close()


@BOTH
async def test_a_client_that_leaves_ends_nobody_else(tmp_path: Path, scheme: Scheme) -> None:
    async with network(tmp_path, scheme) as here, here.client() as stays:
        await stays.initialize()
        async with here.client() as leaves:
            await leaves.initialize()
            await leaves.leave()
        assert (await stays.request("agent/status"))["version"]


@BOTH
async def test_who_fails_too_often_has_to_wait_even_with_the_token(tmp_path: Path, scheme: Scheme) -> None:
    now = 0.0
    async with network(tmp_path, scheme, token=TOKEN, clock=lambda: now) as here:
        for status in (401, 401, 401, 401, 401, 429):
            if scheme == "tcp":
                assert await here.hung_up_on(b"Authorization: Bearer wrong\r\n")
            else:
                with pytest.raises(InvalidStatus) as refused:
                    await here.websocket("?token=wrong")
                assert refused.value.response.status_code == status
        if scheme == "tcp":
            assert await here.hung_up_on(f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()), "also with the right token"
        now = 61.0
        async with here.client() as client:
            await client.initialize()


async def test_web_pages_that_fail_do_not_bar_the_persons_own_clients(tmp_path: Path) -> None:
    async with network(tmp_path, "ws", token=TOKEN) as here:
        for status in (401, 401, 401, 401, 401, 429):
            with pytest.raises(InvalidStatus) as refused:
                await here.websocket("?token=wrong", origin="https://page.example")
            assert refused.value.response.status_code == status
        async with here.client() as client:
            await client.initialize()


@BOTH
async def test_who_says_nothing_is_hung_up_on_in_time(tmp_path: Path, scheme: Scheme) -> None:
    async with network(tmp_path, scheme, handshake_s=0) as here:
        assert await here.hung_up_on(b"")


async def test_a_frame_that_is_no_text_is_answered_and_the_next_one_is_served(tmp_path: Path) -> None:
    async with network(tmp_path, "ws") as here, here.websocket() as connection:
        await connection.send(b"\x00")
        assert '"code":-32700' in str(await connection.recv())
        await connection.send('{"jsonrpc":"2.0","id":1,"method":"agent/status"}')
        assert '"code":-32002' in str(await connection.recv())


async def test_who_pings_on_and_reads_no_answer_is_hung_up_on(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    ping = b"\x89\xfd" + bytes(4) + bytes(125)  # the longest, masked with nothing
    async with network(tmp_path, "ws") as here:
        with socket.create_connection((HOST, here.port)) as client:
            client.settimeout(0)
            hello = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            await loop.sock_sendall(client, hello + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
            assert (await asyncio.wait_for(loop.sock_recv(client, 4096), BOUND_S)).startswith(b"HTTP/1.1 101 ")

            async def ping_on() -> None:
                while True:
                    await loop.sock_sendall(client, 1000 * ping)

            with pytest.raises(ConnectionError):
                await asyncio.wait_for(ping_on(), BOUND_S)


@pytest.mark.parametrize(
    ("given", "missing"),
    [((), "--token-file"), (("--token-file",), "--tls-cert"), (("--tls-cert", "--tls-key"), "--token-file")],
)
def test_off_loopback_it_takes_a_token_and_tls(tmp_path: Path, given: tuple[str, ...], missing: str) -> None:
    token, both = tmp_path / "token", tmp_path / "both.pem"
    token.write_text(TOKEN, encoding="utf-8")
    trustme.CA().issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(both)
    files = {"--token-file": token, "--tls-cert": both, "--tls-key": both}
    options = [word for option in given for word in (option, str(files[option]))]
    refused = subprocess.run([*SERVE, "--ws", "0.0.0.0:0", *options], capture_output=True, text=True, check=False, timeout=BOUND_S)
    assert refused.returncode == 2
    assert missing in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_name_that_is_none_is_refused_in_words() -> None:
    refused = subprocess.run([*SERVE, "--tcp", "a..b:0"], capture_output=True, text=True, check=False, timeout=BOUND_S)
    assert refused.returncode == 2
    assert "There is no host 'a..b' here" in refused.stderr
    assert refused.stderr.count("\n") == 1


async def test_the_command_names_its_port_and_ends_in_order(tmp_path: Path) -> None:
    environ = {**os.environ, "COTERIE_HOME": str(tmp_path), "COTERIE_TOKEN": TOKEN}
    process = await asyncio.create_subprocess_exec(*SERVE, "--tcp", ":0", env=environ, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    try:
        said = (await asyncio.wait_for(process.stderr.readline(), BOUND_S)).decode()
        address, _, port = said.strip().rpartition(":")
        assert address == f"coterie: listening on tcp://{HOST}"
        reader, writer = await asyncio.open_connection(HOST, int(port))
        writer.write(f"Authorization: Bearer {TOKEN}\r\n".encode())
        async with conversation(LspClient(reader, writer)) as client:
            await client.initialize()
            assert (await client.request("agent/status"))["version"]
            process.send_signal(signal.SIGTERM)
            await client.end()
        rest = (await asyncio.wait_for(process.stderr.read(), BOUND_S)).decode()
        assert await asyncio.wait_for(process.wait(), BOUND_S) == 0
        assert "Traceback" not in rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
