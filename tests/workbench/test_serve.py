"""The workbench as a user starts it: a process, an address with a token, a browser, and Ctrl-C."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import uvicorn

from adjoint.errors import ArgumentError, UnsupportedError
from adjoint.workbench import connections, serve
from adjoint.workbench.process import WorkerError, command
from adjoint.workbench.serve import Opener, bound, host_names, needed

ROOT = Path(__file__).resolve().parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="signals")

#: A browser that writes down what it was given, and what stood there, and opens nothing.
BROWSER = """
import os, sys, stat
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname
file = Path(url2pathname(urlparse(sys.argv[2]).path))
Path(sys.argv[1]).write_text(
    repr((sys.argv[2], file.read_text(), stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)))
)
"""


class Running:
    """A workbench in a process of its own."""

    def __init__(self, *arguments, folder, **environment):
        settings = {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"}
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adjoint", "workbench", *arguments],
                env=os.environ | settings | environment, stdout=out, stderr=err, cwd=folder,
            )  # fmt: skip
        deadline = time.monotonic() + 60
        while "Ctrl-C" not in self.out.read_text():
            assert self.process.poll() is None, self.err.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        address = re.search(r"http://(\S+?):(\d+)/\?token=(\S+)", self.out.read_text())
        self.host, self.port, self.token = address[1], int(address[2]), address[3]

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        given = {"X-Adjoint-Token": self.token, "Content-Type": "application/json", **headers}
        with contextlib.closing(connection):
            connection.request(method, path, None if body is None else json.dumps(body), given)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def story(self, seq, **source):
        status, text = self.ask("POST", "/api/story", {"version": 1, "tab": "a", "seq": seq, "source": source})
        assert status == 200
        return json.loads(text)

    def workers(self):
        """The process numbers and command lines of everything that this process has started."""
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == self.process.pid:
                    found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture
def started(tmp_path):
    running = []

    def start(*arguments, **environment):
        running.append(Running("--no-browser", *arguments, folder=tmp_path, **environment))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@posix
def test_a_file_that_takes_long_to_load_is_named_meanwhile(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "QUIET", 0.01)  # a worker takes longer than that to start
    monkeypatch.setattr("adjoint.workbench.process.STARTING", 1.5)
    file = tmp_path / "model.py"
    file.write_text("while True: pass", encoding="utf-8")
    said = []
    first = {"file": {"target": f"{file}:f", "values": [], "inputs": None}}
    wanted = serve.Wanted(
        command("adjoint.cli.worker"), first, {"file": "model.py:f"}, port=0, browser=False, say=said.append
    )
    with pytest.raises(WorkerError, match="not ready after"):
        serve.serve(wanted)
    assert said == ["still loading model.py ..."]


@posix
def test_it_serves_until_ctrl_c_and_leaves_nothing_behind(started):
    one = started()
    status, text = one.ask("GET", f"/?token={one.token}")
    assert status == 200
    assert "<title>adjoint workbench</title>" in text
    assert one.story(1, expression="w*x")["story"]["nodes"][0]["grad"] == 3.0
    assert one.ask("GET", "/", **{"X-Adjoint-Token": "no"})[0] == 401
    assert one.ask("POST", "/api/story", {}, Host="evil.example")[0] == 421
    workers = one.workers()
    assert workers
    assert one.end() == 0
    assert one.out.read_text().splitlines()[-1] == "the workbench is closed."
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@posix
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_token_is_in_no_log_and_in_no_argument(started):
    one = started("x*y", "x=2")
    one.ask("GET", f"/?token={one.token}")
    one.ask("GET", f"/?token={one.token[:-1]}x")
    one.ask("GET", f"/nowhere?token={one.token}")
    one.ask("POST", "/api/story", {"version": 1, "tab": "a", "seq": 1, "source": {"example": one.token}})
    one.story(2, expression="x")
    commands = one.workers()
    assert commands
    own = Path(f"/proc/{one.process.pid}/cmdline").read_bytes().decode()
    for text in (*commands.values(), own, *(Path(f"/proc/{pid}/environ").read_bytes().decode() for pid in commands)):
        assert one.token not in text
    one.end()
    assert one.err.read_text() == ""
    printed = one.out.read_text()
    assert printed.count(one.token) == 1  # the address, for whoever started it


@posix
def test_the_server_stays_up_whatever_clients_do(started):
    one = started()
    request = json.dumps({"version": 1, "tab": "a", "seq": 1, "source": {"expression": "x"}}).encode()
    head = f"POST /api/story HTTP/1.1\r\nHost: {one.host}:{one.port}\r\nX-Adjoint-Token: {one.token}\r\n"
    head += "Content-Type: application/json\r\n"
    whole = head.encode() + f"Content-Length: {len(request)}\r\n\r\n".encode() + request
    pieces = [
        b"", b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x00\xff" * 50, b"A" * 100_000,
        whole[: len(head)], whole[:-5], whole, head.encode() + b"Content-Length: 99999999999999999999\r\n\r\n",
        head.encode() + b"Content-Length: -1\r\n\r\n", head.encode() + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        head.encode() + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    ]  # fmt: skip
    for piece in pieces:
        with contextlib.suppress(OSError):
            client = socket.create_connection((one.host, one.port), timeout=5)
            client.sendall(piece)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # closed with a reset
            client.close()
    assert one.story(100, expression="x*x")["story"]["nodes"][0]["grad"] == 4.0
    one.end()
    assert one.err.read_text() == ""


@posix
@pytest.mark.parametrize(
    "piece", [b"", b"GET / HTTP/1.1\r\nHost: x", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
def test_connections_without_a_token_do_not_keep_the_page_out(started, piece):
    one = started()
    with contextlib.ExitStack() as held:
        for _ in range(300):
            client = held.enter_context(socket.create_connection((one.host, one.port), timeout=5))
            with contextlib.suppress(OSError):
                client.sendall(piece)
        assert one.story(1, expression="x*x")["story"]["nodes"][0]["grad"] == 4.0
        assert len(list(Path(f"/proc/{one.process.pid}/fd").glob("*"))) < 200 or sys.platform != "linux"
    one.end()
    assert one.err.read_text() == ""


def test_a_connection_that_brings_no_request_is_closed(monkeypatch):
    monkeypatch.setattr(connections, "PATIENCE", 0.3)

    async def scenario():
        listening = bound("127.0.0.1", 0)
        port = listening.getsockname()[1]
        server = uvicorn.Server(serve._config(_says_nothing))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        request = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        for pieces, closed in (((b"GET / HT",), True), ((request, b"GET / HT"), True), ((request,) * 8, False)):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0.1)
            with contextlib.suppress(ConnectionError):
                assert closed or (await reader.read(4096)).count(b"204 No Content") == 8
                await asyncio.wait_for(reader.read(), 5)  # to its end, which must come
            writer.close()
        server.should_exit = True
        await running

    asyncio.run(scenario())


async def _says_nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@posix
def test_a_browser_in_the_terminal_does_not_keep_the_page_waiting(tmp_path):
    # $BROWSER names a command; this one stays, as lynx would, until it has seen the page.
    script = tmp_path / "browser"
    script.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    script.chmod(0o755)
    one = Running(folder=tmp_path, BROWSER=str(script), TMPDIR=str(tmp_path))
    try:
        deadline = time.monotonic() + 30
        # The browser is started when the file is written: before that the file may be there and empty.
        while not any("browser" in text for text in one.workers().values()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (file,) = tmp_path.glob("adjoint-*/open.html")
        assert one.token in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert one.ask("GET", f"/?token={one.token}")[0] == 200
        assert not file.exists()
        commands = one.workers()
        assert not any(one.token in text for text in commands.values())
    finally:
        browsers = [pid for pid, text in one.workers().items() if "browser" in text]
        one.end()
        for pid in browsers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@posix
def test_a_file_that_is_named_runs_and_its_errors_keep_the_workbench_from_starting(started, tmp_path):
    file = tmp_path / "model.py"
    file.write_text("def loss(w, x):\n    y = w * x\n    return y * y\n")
    one = started("model.py:loss", "w=3", "x=-2")
    found = one.story(1, file=True)
    assert [i["value"] for i in found["inputs"]] == [3.0, -2.0]
    assert found["story"]["source"]["file"] == "model.py"
    status, text = one.ask("GET", f"/?token={one.token}")
    assert (status, '"file": "model.py:loss"' in text) == (200, True)


@posix
def test_two_workbenches_stand_side_by_side(started, tmp_path):
    one, other = started(), started()
    assert one.port != other.port
    assert one.token != other.token
    assert one.ask("GET", "/")[0] == 200
    one.token, other.token = other.token, one.token
    assert one.ask("GET", "/")[0] == 401


def test_a_port_in_use_is_told():
    with contextlib.closing(bound("127.0.0.1", None)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ArgumentError) as told:
            bound("127.0.0.1", port)
        assert told.value.what == f"port {port} of 127.0.0.1 cannot be used: address already in use."
        assert "leave --port out" in told.value.help
        with contextlib.closing(bound("127.0.0.1", None)) as other:
            assert other.getsockname()[1] != port


def test_where_all_its_ports_are_taken_it_takes_any(monkeypatch):
    with contextlib.closing(bound("127.0.0.1", None)) as taken:
        monkeypatch.setattr(serve, "PORT", taken.getsockname()[1])
        monkeypatch.setattr(serve, "TRIED", 1)
        with contextlib.closing(bound("127.0.0.1", None)) as other:
            assert other.getsockname()[1] not in (0, taken.getsockname()[1])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "localhost", "example.org", "", "203.0.113.7", "127.0.0.1:80"])
def test_addresses_at_which_it_does_not_listen(host):
    with pytest.raises(ArgumentError) as told:
        bound(host, None)
    assert "--host" in told.value.help or "address of this machine" in told.value.help


def test_small_answers_are_sent_at_once():
    with contextlib.closing(bound("127.0.0.1", None)) as listening:
        assert listening.proto == socket.IPPROTO_TCP  # else asyncio leaves the delay of 40 ms on


def test_it_listens_on_this_machine_alone():
    with contextlib.closing(bound("127.0.0.1", None)) as listening:
        port = listening.getsockname()[1]
        assert host_names(listening) == [f"127.0.0.1:{port}", f"localhost:{port}"]


def test_a_browser_is_sent_by_way_of_a_file_of_the_users_own(tmp_path, monkeypatch):
    browser, seen = tmp_path / "browser.py", tmp_path / "seen"
    browser.write_text(BROWSER)
    opened = []
    monkeypatch.setattr(serve.webbrowser, "open", lambda address: opened.append(address) or True)
    opener = Opener()
    assert opener.open("http://127.0.0.1:8765/?token=secret")
    subprocess.run([sys.executable, browser, seen, opened[0]], check=True)
    address, text, mode, folder_mode = eval(seen.read_text())
    assert "secret" not in address
    assert address.startswith("file:///")
    assert 'content="0;url=http://127.0.0.1:8765/?token=secret"' in text
    if os.name == "posix":
        assert (mode, folder_mode) == (stat.S_IRUSR | stat.S_IWUSR, stat.S_IRWXU)
    opener.close()
    subprocess_again = subprocess.run([sys.executable, browser, seen, opened[0]], capture_output=True)
    assert subprocess_again.returncode != 0
    opener.close()


def test_where_there_is_no_browser_the_address_is_enough(monkeypatch):
    def none(address):
        raise serve.webbrowser.Error("no browser")

    monkeypatch.setattr(serve.webbrowser, "open", none)
    opener = Opener()
    assert opener.open("http://127.0.0.1:1/?token=x") is False
    opener.close()


@pytest.mark.parametrize("name", ["starlette", "uvicorn"])
def test_missing_packages_are_told(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UnsupportedError) as told:
        needed()
    assert name in told.value.what
    assert told.value.help == "install it: pip install 'adjoint[web]'."
