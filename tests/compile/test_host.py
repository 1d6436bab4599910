"""The machine that code is made for: its registers, its caches, its key."""

import subprocess
import sys

import pytest

from adjoint.compile.llvm import host as machine
from adjoint.errors import ArgumentError


def test_the_host_is_read_once():
    assert machine.host() is machine.host()


def test_what_llvm_says_of_the_processor_is_taken_whole():
    features = machine.host().features.split(",")
    assert features == sorted(features, key=lambda flag: flag[1:])
    assert all(flag[0] in "+-" for flag in features)
    assert machine.host().triple
    assert machine.host().cpu


def test_lanes_follow_the_width_of_registers_and_of_values():
    with machine.registers(16) as narrow:
        assert machine.host() is narrow
        assert [narrow.lanes(dtype) for dtype in ("f8", "f4", "c16", "i1")] == [2, 4, 1, 16]
    assert machine.host().lanes("f8") * 8 == machine.host().vector_bytes


def test_narrow_registers_have_a_key_of_their_own():
    with machine.registers(16) as narrow:
        assert narrow.key == machine.host().key
    widest = machine._read()
    assert (narrow.key == widest.key) == (widest.vector_bytes == 16)


def test_the_switch_ends_also_after_an_error():
    before = machine.host()
    with pytest.raises(KeyError), machine.registers(16):
        raise KeyError
    assert machine.host() is before


@pytest.mark.parametrize("width", [0, 8, 24, 128])
def test_a_width_that_does_not_exist_is_refused(width):
    with pytest.raises(ArgumentError, match="16, 32 or 64"), machine.registers(width):
        pass


@pytest.mark.parametrize(("flags", "width"), [({"avx512f": True}, 64), ({"avx2": True}, 32), ({"neon": True}, 16)])
def test_the_widest_registers_follow_from_the_features(flags, width):
    assert machine._widest(flags) == width


def test_a_width_that_the_machine_lacks_is_refused():
    with pytest.raises(ArgumentError, match="this machine's are 32 bytes") as caught:
        machine._checked("64", 32, "here")
    assert caught.value.help


def asked(width):
    code = "from adjoint.compile.llvm.host import host; print(host().vector_bytes)"
    path = f"import sys; sys.path[:] = {sys.path!r}; "
    return subprocess.run(
        [sys.executable, "-c", path + code], env={"ADJOINT_VECTOR_BYTES": width}, capture_output=True, text=True
    )


def test_the_environment_narrows_the_registers():
    assert asked("16").stdout == "16\n"


def test_nonsense_in_the_environment_is_refused():
    told = asked("wide").stderr
    assert "not 'wide'" in told
    assert "ADJOINT_VECTOR_BYTES" in told
    assert "help:" in told


def cache_folder(tmp_path, index, level, kind, size):
    folder = tmp_path / f"index{index}"
    folder.mkdir()
    for name, text in (("level", level), ("type", kind), ("size", size)):
        (folder / name).write_text(f"{text}\n")


def test_the_data_caches_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CACHES", tmp_path)
    assert machine._data_caches() == (machine._L1, machine._L2)
    cache_folder(tmp_path, 0, "1", "Instruction", "64K")
    cache_folder(tmp_path, 1, "1", "Data", "48K")
    cache_folder(tmp_path, 2, "2", "Unified", "2M")
    assert machine._data_caches() == (48 << 10, 2 << 20)


def test_a_size_that_is_no_number_is_not_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CACHES", tmp_path)
    cache_folder(tmp_path, 0, "1", "Data", "unknown")
    assert machine._data_caches() == (machine._L1, machine._L2)
