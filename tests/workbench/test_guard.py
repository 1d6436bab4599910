"""Who may ask: token, host, origin, site; and what every answer says to the browser."""

import asyncio
import base64
import hashlib
import re

import pytest

from adjoint.workbench import guard
from adjoint.workbench.front import lost_page, workbench_page
from workbench.asking import BASE, TOKEN, client, request

WRONG = ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "Ü", TOKEN + "\t"]


def story(made, **headers):
    return made.post("/api/story", json=request(), headers=headers)


def refused(response, status):
    assert response.status_code == status
    assert TOKEN not in response.text
    assert "access-control-allow-origin" not in response.headers
    return response


def test_who_has_the_token_is_answered():
    made, recorder = client()
    assert story(made).json() == {"status": "ok", "version": 1}
    assert recorder.asked == [("story", "t1", 1, {})]


@pytest.mark.parametrize("token", WRONG)
def test_a_wrong_token_is_refused(token):
    made, recorder = client()
    refused(story(made, **{"X-Adjoint-Token": token.encode("latin-1")}), 401)
    refused(made.get("/", headers={"X-Adjoint-Token": token.encode("latin-1")}), 401)
    assert (recorder.asked, recorder.opened) == ([], 0)


@pytest.mark.parametrize("path", ["/", "/api/story", "/api/examples", "/favicon.ico", "/nowhere", "/docs"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_without_the_token_nothing_is_answered_whatever_is_asked(method, path):
    made, recorder = client()
    del made.headers["X-Adjoint-Token"]
    refused(made.request(method, path), 401)
    assert (recorder.asked, recorder.opened) == ([], 0)


def test_the_token_is_compared_in_constant_time(monkeypatch):
    compared = []

    def digest(one, other):
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(guard.hmac, "compare_digest", digest)
    made, _ = client()
    story(made)
    refused(story(made, **{"X-Adjoint-Token": "no"}), 401)
    assert compared == [(TOKEN.encode(), TOKEN.encode()), (b"no", TOKEN.encode())]


def test_two_tokens_are_none():
    made, _ = client()
    del made.headers["X-Adjoint-Token"]
    refused(made.get(f"/?token={TOKEN}&token={TOKEN}"), 401)
    refused(
        made.post("/api/story", json=request(), headers=[("X-Adjoint-Token", TOKEN), ("X-Adjoint-Token", "x")]), 401
    )


def test_an_address_with_the_token_opens_the_page_and_nothing_else():
    made, recorder = client()
    del made.headers["X-Adjoint-Token"]
    assert made.get(f"/?token={TOKEN}").status_code == 200
    assert recorder.opened == 1
    refused(made.post(f"/api/story?token={TOKEN}", json=request()), 401)
    refused(made.get(f"/nowhere?token={TOKEN}"), 401)
    refused(made.get("/?token=" + "&token=".join("x" * 20)), 401)
    assert recorder.asked == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:8766", "localhost", "localhost:8765.evil.example", "",
     "[::1]:8765", "127.0.0.1:8765@evil.example", "0.0.0.0:8765"],
)  # fmt: skip
def test_another_host_is_refused(host):
    made, recorder = client()
    refused(story(made, Host=host), 421)
    refused(made.get("/", headers={"Host": host}), 421)
    assert recorder.asked == []


def test_localhost_is_this_host_too():
    made, _ = client()
    assert story(made, Host="LocalHost:8765").status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.example", "https://127.0.0.1:8765", "http://127.0.0.1", "http://127.0.0.1:8766", "file://",
     "http://127.0.0.1:8765.evil.example", ""],
)  # fmt: skip
def test_another_origin_is_refused(origin):
    made, recorder = client()
    refused(story(made, Origin=origin), 403)
    refused(made.get("/", headers={"Origin": origin}), 403)
    assert recorder.asked == []


def test_its_own_origin_is_answered():
    made, _ = client()
    assert story(made, Origin=BASE).status_code == 200
    assert story(made, Origin="http://localhost:8765").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "unheard-of"])
def test_another_site_is_refused(site):
    made, recorder = client()
    refused(story(made, **{"Sec-Fetch-Site": site}), 403)
    # A page that is only looked at from elsewhere: in a frame, as an image, by a script.
    for dest, mode in (("iframe", "navigate"), ("image", "no-cors"), ("empty", "cors"), ("document", "no-cors")):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
        refused(made.get("/", headers=headers), 403)
    assert recorder.asked == []


def test_the_page_opens_from_the_file_that_sends_the_browser_there():
    made, _ = client()
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    assert made.get("/", headers=headers).status_code == 200
    refused(made.post("/api/story", json=request(), headers=headers), 403)


def test_same_origin_and_typed_addresses_are_answered():
    made, _ = client()
    assert story(made, **{"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert made.get("/", headers={"Sec-Fetch-Site": "none"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_posts_ask(method):
    made, recorder = client()
    response = made.request(method, "/api/story")
    assert response.status_code == 405
    if method != "HEAD":  # which has no body
        assert response.json()["error"]["what"] == "this address takes POST alone."
        assert "POST" in response.json()["error"]["help"]
    assert response.headers["allow"]
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert recorder.asked == []


def test_a_preflight_of_another_page_gets_no_leave():
    made, _ = client()
    del made.headers["X-Adjoint-Token"]
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    response = refused(made.request("OPTIONS", "/api/story", headers=headers), 403)
    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/nowhere", "/api", "/api/", "/api/story/", "/api/../etc/passwd", "//etc/passwd"])
def test_there_is_nothing_else(path):
    made, recorder = client()
    assert made.post(path, json=request()).status_code == 404
    assert recorder.asked == []


def test_sockets_are_closed():
    made, recorder = client()
    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8765"), (b"x-adjoint-token", TOKEN.encode())]
    asyncio.run(made.app({"type": "websocket", "path": "/api/story", "headers": headers}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
    assert recorder.asked == []


def test_every_answer_says_the_same_to_the_browser():
    made, _ = client()
    anonymous, _ = client()
    del anonymous.headers["X-Adjoint-Token"]
    answers = [made.get("/"), story(made), made.get("/nowhere"), made.request("PUT", "/api/story"), anonymous.get("/")]
    answers += [story(anonymous), story(made, Host="x"), made.post("/api/story", content=b"{")]
    assert [a.status_code for a in answers] == [200, 200, 404, 405, 401, 401, 421, 415]
    for one in answers:
        headers = one.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "set-cookie" not in headers
        assert "server" not in headers


def sources(policy, kind):
    return re.search(rf"{kind} ([^;]*)", policy)[1].split()


@pytest.mark.parametrize("made", [workbench_page(TOKEN, {"file": "</script><script>alert(1)"}), lost_page()])
def test_a_page_runs_only_the_scripts_and_styles_whose_hashes_it_names(made):
    text = made.text.decode()
    for tag, kind in (("script", "script-src"), ("style", "style-src")):
        found = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert len(found) == 1
        digest = base64.b64encode(hashlib.sha256(found[0].encode()).digest()).decode()
        assert sources(made.policy, kind) == [f"'sha256-{digest}'"]
    assert not re.search(
        r"<[^>]* on[a-z]+=|javascript:|https?://|<style [^>]*>|<script [^>]*src", text.partition("<script>")[0]
    )


def test_the_page_has_the_token_where_its_script_finds_it_and_hostile_names_do_no_harm():
    made = workbench_page(TOKEN, {"file": "</script><b>.py:f"})
    place = re.search(r'<script type="application/json" id="adjoint-workbench">(.*?)</script>', made.text.decode())[1]
    assert f'"token": "{TOKEN}"' in place
    assert "\\u003c/script>\\u003cb>.py:f" in place
    assert sources(made.policy, "connect-src") == ["'self'"]


def test_the_page_for_the_lost_holds_nothing_secret():
    text = lost_page().text.decode()
    assert TOKEN not in text
    assert "sessionStorage.getItem(key)" in text
    assert sources(lost_page().policy, "connect-src") == ["'none'"]
