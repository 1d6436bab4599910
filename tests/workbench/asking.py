"""What the tests of the workbench share: an application without workers, and answers without a server."""

import asyncio
import json
from dataclasses import replace

import httpx

from adjoint.workbench.answers import Bench
from adjoint.workbench.app import application
from adjoint.workbench.front import Page
from adjoint.workbench.protocol import Limits, line

TOKEN = "correct-token-of-this-run"
HOSTS = ["127.0.0.1:8765", "localhost:8765"]
BASE = "http://127.0.0.1:8765"
PAGE = Page(b"<!doctype html><title>page</title>", "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'")


class Recorder:
    """In the place of the workers: remembers what it is asked, and answers at once."""

    def __init__(self):
        self.asked = []
        self.opened = 0

    async def answer(self, name, tab, seq, body):
        self.asked.append((name, tab, seq, body))
        return line(status="ok")

    def open(self):
        self.opened += 1


class Client:
    """Sends requests to an application as a browser's page would: with the token, unless it is taken away."""

    def __init__(self, app):
        self.app = app
        self.headers = {"X-Adjoint-Token": TOKEN}

    def request(self, method, path, *, headers=(), **body):
        content = body.get("content")
        if content is not None and not isinstance(content, bytes):
            body["content"] = _awaited(content)
        return asyncio.run(self._send(method, path, headers, body))

    async def _send(self, method, path, headers, body):
        given = list(headers.items()) if isinstance(headers, dict) else list(headers)
        named = {name.lower() for name, _ in given}
        given += [(k, v) for k, v in self.headers.items() if k.lower() not in named]
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport) as sender:
            return await sender.request(method, BASE + path, headers=given, **body)

    def get(self, path, **settings):
        return self.request("GET", path, **settings)

    def post(self, path, **settings):
        return self.request("POST", path, **settings)


async def _awaited(parts):
    for part in parts:
        yield part


def client(recorder=None, **changes):
    """A client of the application, and what it records; limits are the usual ones but for the changes."""
    recorder = recorder or Recorder()
    limits = replace(Limits(), **changes)
    return Client(application(lambda: PAGE, recorder, TOKEN, HOSTS, limits, recorder.open)), recorder


def request(**body):
    """The body of a request as the page sends it."""
    return {"version": 1, "tab": "t1", "seq": 1, **body}


def answer(name, limits=None, file=None, **body):
    """The answer of a worker, in this process, as an object."""
    return json.loads(Bench(limits or Limits(), file, "model.py").answer(name, body))


def good(name, **body):
    """An answer that must be one."""
    found = answer(name, **body)
    assert found["status"] == "ok", found
    return found


def bad(name, **body):
    """The error of an answer, which must have its three parts where they are due."""
    found = answer(name, **body)
    assert found["status"] == "error", found
    error = found["error"]
    assert error["what"][-1] in ".!?"
    assert "Traceback" not in json.dumps(error)
    return error
