"""The disk cache: what is kept, what is believed, what is refused, and many processes at once."""

import hashlib
import json
import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pytest

from adjoint.compile import cache as store
from adjoint.compile.cache import Cache, CacheWarning, make_key

KEY = hashlib.sha256(b"one").hexdigest()
OTHER = hashlib.sha256(b"two").hexdigest()
CODE = bytes(range(256)) * 20
META = {"name": "f", "shapes": [[2, 3], []], "scale": 0.5}

needs_posix = pytest.mark.skipif(os.name == "nt", reason="owners and permissions are written otherwise")


@pytest.fixture
def cache(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", CacheWarning)
        yield Cache(tmp_path / "cache")


def only_file(cache):
    (path,) = [path for path in cache.folder.rglob("*") if path.is_file()]
    return path


def test_an_entry_comes_back_as_it_was(cache):
    assert cache.get(KEY) is None
    cache.put(KEY, META, CODE)
    assert cache.get(KEY) == (META, CODE)
    assert cache.get(OTHER) is None
    assert Cache(cache.folder).get(KEY) == (META, CODE)


@pytest.mark.parametrize(
    ("meta", "code"), [({}, b""), ({"a": None, "ü": "\u2028"}, b"\x00"), ({"a": 1e300}, CODE * 50)]
)
def test_any_metadata_and_any_code(cache, meta, code):
    cache.put(KEY, meta, code)
    assert cache.get(KEY) == (meta, code)


def test_a_later_entry_replaces_an_earlier_one(cache):
    cache.put(KEY, META, CODE)
    cache.put(KEY, {}, b"new")
    assert cache.get(KEY) == ({}, b"new")
    assert only_file(cache)


@needs_posix
def test_folders_and_files_are_the_users_alone(cache):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (cache.folder, path.parent, path)] == [0o700, 0o700, 0o600]


def test_clear_and_size(cache):
    assert cache.size() == 0
    cache.put(KEY, META, CODE)
    cache.put(OTHER, META, CODE)
    assert cache.size() > 2 * len(CODE)
    cache.clear()
    assert (cache.size(), cache.get(KEY)) == (0, None)


# Damage.


def damaged(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("where", [0.0, 0.002, 0.004, 0.01, 0.012, 0.5, 0.9999])
def test_a_damaged_entry_is_removed_and_built_again(cache, where):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    data = path.read_bytes()
    path.write_bytes(damaged(data, int(where * len(data))))
    assert cache.get(KEY) is None
    assert not path.exists()
    cache.put(KEY, META, CODE)
    assert cache.get(KEY) == (META, CODE)


@pytest.mark.parametrize("kept", [0, 1, 16, 47, 48, 60, 84, 100, 5000])
def test_a_truncated_entry_is_removed(cache, kept):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    path.write_bytes(path.read_bytes()[:kept])
    assert cache.get(KEY) is None
    assert not path.exists()


def test_a_foreign_file_is_removed(cache):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    path.write_bytes(b"#!/bin/sh\n" * 100)
    assert cache.get(KEY) is None
    assert not path.exists()


def test_an_entry_under_another_key_is_not_believed(cache):
    cache.put(KEY, META, CODE)
    cache.put(OTHER, META, CODE)
    os.replace(cache._path(KEY), cache._path(OTHER))
    assert cache.get(OTHER) is None


def sealed(meta):
    body = store._HEAD.pack(bytes.fromhex(KEY), len(meta)) + meta + CODE
    return store._MARK + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize("meta", [b"[1]", b"nonsense", b"\xff\xfe"])
def test_metadata_that_is_none_is_not_believed(cache, meta):
    cache.put(KEY, META, CODE)
    only_file(cache).write_bytes(sealed(b'{"a": 1}'))
    assert cache.get(KEY) == ({"a": 1}, CODE)
    only_file(cache).write_bytes(sealed(meta))
    assert cache.get(KEY) is None


@needs_posix
def test_a_link_in_place_of_an_entry_is_not_followed(cache, tmp_path):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    os.replace(path, tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert cache.get(KEY) is None
    assert (path.is_symlink(), (tmp_path / "elsewhere").exists()) == (False, True)


@needs_posix
def test_an_entry_that_others_may_write_is_not_believed(cache):
    cache.put(KEY, META, CODE)
    only_file(cache).chmod(0o622)
    assert cache.get(KEY) is None


@needs_posix
def test_a_pipe_or_a_folder_in_place_of_an_entry_stops_nobody(cache):
    cache.put(KEY, META, CODE)
    path = only_file(cache)
    path.unlink()
    os.mkfifo(path)
    assert cache.get(KEY) is None
    path.mkdir()
    assert cache.get(KEY) is None


# Folders that cannot be used: one warning, and no cache.


def refused(folder, told, key=KEY):
    cache = Cache(folder)

    def use():
        cache.put(key, META, CODE)
        assert cache.get(key) is None
        cache.put(key, META, CODE)

    with pytest.warns(CacheWarning, match=told) as caught:
        use()
    assert len(caught) == 1
    assert "help: set ADJOINT_CACHE_DIR" in str(caught[0].message)
    assert (cache.size(), cache.get(key)) == (0, None)
    return cache


@needs_posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write_is_refused(tmp_path, mode):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    refused(tmp_path / "cache", "others may write it")


@needs_posix
def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "real")
    refused(tmp_path / "cache", "symbolic link")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    refused(tmp_path / "dangling", "symbolic link")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "cache").write_text("")
    refused(tmp_path / "cache", "no folder")
    refused(tmp_path / "cache" / "inside", "cannot be used")


@needs_posix
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    Cache(tmp_path / "cache").put(KEY, META, CODE)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    refused(tmp_path / "cache", "belongs to another user")


@needs_posix
def test_a_folder_that_becomes_unsafe_is_refused_from_then_on(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, META, CODE)
    cache.folder.chmod(0o777)
    with pytest.warns(CacheWarning, match="others may write it"):
        assert cache.get(KEY) is None


@needs_posix
def test_a_folder_of_entries_that_is_a_link_is_refused(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, META, CODE)
    shard = only_file(cache).parent
    os.replace(shard, tmp_path / "moved")
    shard.symlink_to(tmp_path / "moved")
    with pytest.warns(CacheWarning, match="cannot be written"):
        cache.put(KEY, {}, b"new")
    assert b"new" not in only_file(Cache(tmp_path / "moved")).read_bytes()


def in_a_process(body, *arguments, **environment):
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    return subprocess.run(
        [sys.executable, "-c", path + body, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


READ_ONLY = """
import os, warnings
from adjoint.compile.cache import Cache
if os.geteuid() == 0:
    os.seteuid(65534)
cache = Cache(sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(3):
        cache.put(sys.argv[3], {}, b"new")
    found = cache.get(sys.argv[2])
print(found[0]["name"], cache.get(sys.argv[3]), *caught)
"""


@needs_posix
def test_a_folder_that_may_only_be_read_is_read():
    with tempfile.TemporaryDirectory() as home:  # not pytest's: its folders are for one user alone
        os.chmod(home, 0o755)
        folder = Path(home) / "cache"
        Cache(folder).put(KEY, META, CODE)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o500 if path.is_dir() else 0o400)
            if os.geteuid() == 0:  # root may write everywhere: the process becomes somebody else
                os.chown(path, 65534, 65534)
        done = in_a_process(READ_ONLY, folder, KEY, OTHER)
        assert done.stdout.startswith("f None"), done.stderr
        assert done.stdout.count("{message") == 1
        assert "cannot be written" in done.stdout
        if os.geteuid() != 0:
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o700)


@needs_posix
def test_a_full_disk_leaves_nothing_behind(tmp_path):
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, META, CODE)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))  # a write fails in the middle of an entry
    try:
        with pytest.warns(CacheWarning, match="cannot be written") as caught:
            [cache.put(key, META, CODE) for key in (OTHER, KEY)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(caught) == 1
    assert cache.get(OTHER) is None
    assert cache.get(KEY) == (META, CODE)
    assert only_file(cache)


def test_an_interrupt_in_the_middle_leaves_nothing_behind(cache, monkeypatch):
    def interrupted(path, parts):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache.put(KEY, META, CODE)
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


def test_a_folder_that_vanishes_while_an_entry_is_written_is_made_again(cache, monkeypatch):
    write = store._write

    def vanishing(path, parts):
        monkeypatch.undo()
        write(path, parts)
        shutil.rmtree(cache.folder)

    monkeypatch.setattr(store, "_write", vanishing)
    cache.put(KEY, META, CODE)
    assert cache.get(KEY) is None
    cache.put(KEY, META, CODE)
    assert cache.get(KEY) == (META, CODE)


# Size.


def keys(count, first="a"):
    """Keys that all stand in one folder of entries."""
    return [first + hashlib.sha256(str(number).encode()).hexdigest()[1:] for number in range(count)]


def test_the_longest_unused_entries_go_first(tmp_path):
    cache = Cache(tmp_path / "cache", limit=16 * 100_000)
    names = keys(40)
    for age, key in enumerate(names[:19]):
        cache.put(key, {}, bytes(5000))
        os.utime(cache._path(key), (time.time() - 10_000 + age,) * 2)
    assert cache.get(names[0])  # used again
    cache.put(names[19], {}, bytes(5000))
    kept = [key for key in names if cache.get(key)]
    assert kept == [names[0], *names[20 - len(kept) + 1 : 20]]
    assert 10 < len(kept) < 18
    assert cache.size() <= 80_000


def test_the_size_stays_bounded(tmp_path):
    cache = Cache(tmp_path / "cache", limit=16 * 20_000)
    for key in keys(60):
        cache.put(key, {}, bytes(1900))
    assert 5_000 < cache.size() <= 20_000


def test_an_entry_larger_than_its_share_is_not_kept(tmp_path):
    cache = Cache(tmp_path / "cache", limit=16 * 2_000)
    cache.put(KEY, {}, bytes(3000))
    assert cache.get(KEY) is None
    assert cache.size() == 0


def test_unfinished_files_of_processes_that_died_are_swept_up(cache):
    cache.put(KEY, META, CODE)
    folder = only_file(cache).parent
    old, new = folder / "old.part", folder / "new.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.put(KEY, META, CODE)
    assert (old.exists(), new.exists()) == (False, True)


# Many processes.

HAMMER = """
import hashlib, random
from adjoint.compile.cache import Cache
cache, wrong, hits = Cache(sys.argv[1], limit=16 * 60_000), 0, 0
chance = random.Random(int(sys.argv[2]))
for step in range(400):
    number = chance.randrange(12)
    key = "0" + hashlib.sha256(str(number).encode()).hexdigest()[1:]
    code = hashlib.sha256(str(number).encode()).digest() * 200
    kind = chance.random()
    found = cache.get(key)
    if found is not None:
        hits += 1
        wrong += found != ({"number": number}, code)
    if kind < 0.4:
        cache.put(key, {"number": number}, code)
    elif kind < 0.45:
        try:
            with open(cache._path(key), "r+b") as file:
                file.seek(chance.randrange(6000))
                file.write(b"damage")
        except FileNotFoundError:
            pass
    elif kind < 0.46:
        cache.clear()
print(wrong, hits > 20)
"""


def test_processes_that_write_read_and_damage_at_once(tmp_path):
    path = f"import sys; sys.path[:] = {sys.path!r}\n"
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", path + HAMMER, str(tmp_path / "cache"), str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for process in running:
        out, errors = process.communicate(timeout=120)
        assert out.split() == ["0", "True"], errors
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert all(path.suffix == ".code" for path in left)


def test_a_hit_takes_less_than_a_millisecond(cache):
    cache.put(KEY, META, CODE * 10)
    cache.get(KEY)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        cache.get(KEY)
        times.append(time.perf_counter() - start)
    assert sorted(times)[10] < 1e-3


# Where it is, and what the keys tell apart.


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"ADJOINT_CACHE_DIR": "/a/b"}, "/a/b"),
        ({"ADJOINT_CACHE_DIR": "/a/b", "XDG_CACHE_HOME": "/c", "HOME": "/home/me"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/c", "HOME": "/home/me"}, "/c/adjoint"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/adjoint"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/adjoint"),
        ({"ADJOINT_CACHE": "0", "ADJOINT_CACHE_DIR": "/a/b"}, None),
        ({"ADJOINT_CACHE": "off", "HOME": "/home/me"}, None),
        ({"ADJOINT_CACHE": "1", "HOME": "/home/me"}, "/home/me/.cache/adjoint"),
    ],
)
@needs_posix
def test_the_environment_says_where(monkeypatch, environment, folder):
    for name in ("ADJOINT_CACHE_DIR", "ADJOINT_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = store.disk.__wrapped__().folder
    assert (found and str(found)) == folder


def test_without_a_home_there_is_one_warning_and_no_cache(monkeypatch):
    for name in ("ADJOINT_CACHE_DIR", "ADJOINT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    with pytest.warns(CacheWarning, match="no home folder"):
        cache = store.disk.__wrapped__()
    cache.put(KEY, META, CODE)
    assert (cache.get(KEY), cache.size(), repr(cache)) == (None, 0, "<Cache: off>")


def test_keys_tell_programs_options_and_machines_apart(monkeypatch):
    one = make_key("graph", {"strict": False, "donate": [0]}, "avx2")
    assert make_key("graph", {"donate": [0], "strict": False}, "avx2") == one
    others = {
        make_key("graph2", {"strict": False, "donate": [0]}, "avx2"),
        make_key("graph", {"strict": True, "donate": [0]}, "avx2"),
        make_key("graph", {"strict": False, "donate": [0]}, "avx512"),
    }
    monkeypatch.setattr(store, "_versions", lambda: "later")
    others.add(make_key("graph", {"strict": False, "donate": [0]}, "avx2"))
    assert len(others - {one}) == 4


def test_keys_follow_the_text_of_the_package(tmp_path):
    (tmp_path / "rewrite" / "__pycache__").mkdir(parents=True)
    (tmp_path / "view").mkdir()

    def seen():
        files = []
        store._sources(str(tmp_path), "", files)
        return sorted(files)

    for name in ("a.py", "rewrite/b.py", "rewrite/__pycache__/b.py", "view/c.py", "notes.txt"):
        (tmp_path / name).write_text("x = 1")
    before = seen()
    assert [name for name, _, _ in before] == ["/a.py", "/rewrite/b.py"]
    (tmp_path / "rewrite" / "b.py").write_text("x = 12")
    assert seen() != before
    assert json.dumps(store._versions()) == json.dumps(store._versions())
