"""What a request is: JSON of a bounded size, with a version, a tab and a number."""

import asyncio
import json

import pytest

from workbench.asking import HOSTS, TOKEN, Recorder, client, request


def post(content, kind="application/json", **settings):
    made, recorder = client(**settings)
    response = made.post("/api/story", content=content, headers={"Content-Type": kind} if kind else {})
    assert response.headers["content-type"] == "application/json"
    if response.status_code != 200:
        assert recorder.asked == []
        error = response.json()["error"]
        assert error["help"].endswith((".", "}.", "..."))
        assert TOKEN not in response.text
    return response.status_code


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
)
def test_another_content_type_is_refused(kind):
    # The types that a foreign page may send without asking first are among them.
    assert post(json.dumps(request()).encode(), kind) == 415


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_taken(kind):
    assert post(json.dumps(request()).encode(), kind) == 200


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"{'a': 1}", b'{"version": 1, "tab": "a", "seq": NaN}', b"[" * 200_000, b'{"a":' * 100_000,
     b'{"seq": ' + b"9" * 10_000 + b"}", b"Infinity"],
)  # fmt: skip
def test_what_is_no_json_is_refused(content):
    assert post(content) == 400


@pytest.mark.parametrize(
    "body",
    [[], 1, None, "a", {}, request(version=2), request(version=None), request(version=True) | {"version": 1.5},
     request(tab=""), request(tab="x" * 65), request(tab="../.."), request(tab="a b"), request(tab=1), request(tab="é"),
     request(seq=-1), request(seq=1.5), request(seq=True), request(seq="1"), request(seq=2**53), request(seq=None)],
)  # fmt: skip
def test_what_is_no_request_of_ours_is_refused(body):
    assert post(json.dumps(body).encode()) == 400


def test_a_large_request_is_refused_by_the_length_that_it_says():
    assert post(json.dumps(request(x="a" * 900)).encode(), request=1000) == 200
    assert post(json.dumps(request(x="a" * 1100)).encode(), request=1000) == 413


def test_a_large_request_is_refused_as_soon_as_too_much_has_come():
    read = []

    def parts():
        for _ in range(1000):
            read.append(1)
            yield b" " * 100

    assert post(parts(), request=1000) == 413
    assert post((b for b in [json.dumps(request()).encode()]), request=1000) == 200
    assert read


def test_a_length_that_lies_is_no_way_around():
    made, recorder = client(request=1000)
    response = made.post(
        "/api/story", content=b" " * 5000, headers={"Content-Type": "application/json", "Content-Length": "10"}
    )
    assert response.status_code == 413
    assert recorder.asked == []


def test_the_body_goes_to_the_workers_without_its_envelope():
    made, recorder = client()
    made.post("/api/race", json=request(seq=7, source={"expression": "x"}, more=[1, None]))
    assert recorder.asked == [("race", "t1", 7, {"source": {"expression": "x"}, "more": [1, None]})]


def test_a_failure_of_ours_is_told_without_its_reasons(capsys):
    class Broken:
        async def answer(self, name, tab, seq, body):
            raise RuntimeError("secret")

        def open(self):
            pass

    made, _ = client(Broken())
    response = made.post("/api/story", json=request())
    assert response.status_code == 500
    assert "secret" not in response.text
    printed = capsys.readouterr().err
    assert "RuntimeError: secret" in printed
    assert TOKEN not in printed


def test_the_work_ends_when_the_browser_goes():
    ended = []

    class Busy(Recorder):
        async def answer(self, name, tab, seq, body):
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(tab)

    async def scenario():
        app = client(Busy())[0].app
        came = [{"type": "http.request", "body": json.dumps(request()).encode()}, {"type": "http.disconnect"}]

        async def receive():
            await asyncio.sleep(0)
            return came.pop(0)

        async def send(message):
            pass

        headers = {"host": HOSTS[0], "x-adjoint-token": TOKEN, "content-type": "application/json"}
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": "/api/story", "query_string": b"", "headers": named}
        await asyncio.wait_for(app(scope, receive, send), 20)

    asyncio.run(scenario())
    assert ended == ["t1"]
