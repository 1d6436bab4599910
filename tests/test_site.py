"""Sites: the user's line, the sub-expression under carets, and the variable that takes the result."""

import gc
import linecache
import os
import subprocess
import sys
import textwrap

import pytest

from adjoint.site import KNOWN, PACKAGE, Site, assigned_name, here, site_of, user_frame


class Recorder:
    """Stands for a tensor: every operation notes the instruction of its caller."""

    def __init__(self):
        self.places = []

    def note(self, *_):
        frame = sys._getframe(1)
        self.places.append((frame.f_code, frame.f_lasti))
        return self

    __add__ = __sub__ = __mul__ = __matmul__ = __iadd__ = __neg__ = __call__ = __getitem__ = note


@pytest.fixture
def run(tmp_path):
    """Runs source text from a file with `x` a recorder, and gives the places it noted."""

    def run_source(text, name="model.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        recorder = Recorder()
        exec(compile(path.read_bytes(), str(path), "exec"), {"x": recorder})
        return recorder.places

    return run_source


def sites(places):
    return [site_of(code, lasti) for code, lasti in places]


def test_a_site_knows_file_line_columns_and_function(run, tmp_path):
    (site,) = sites(run("def f(t):\n    y = 1, t * t\n\nf(x)\n"))
    assert site == Site(str(tmp_path / "model.py"), 2, 2, 11, 16, "f")
    assert site.text == "    y = 1, t * t"
    assert site.expression == "t * t"


def test_two_operations_of_a_line_are_told_apart(run):
    product, total = sites(run("y = (x * x) + x\n"))
    assert (product.expression, total.expression) == ("x * x", "(x * x) + x")


class CountedCode:
    """Stands for a code object: counts how often its positions are unpacked."""

    co_filename, co_qualname = "<counted>", "f"

    def __init__(self, size):
        self.size, self.unpacked = size, 0

    def co_positions(self):
        self.unpacked += 1
        return ((line, line, 0, line) for line in range(1, self.size + 1))


def test_the_positions_of_a_long_function_are_unpacked_once():
    code = CountedCode(2_000)
    found = [site_of(code, lasti) for lasti in range(0, 4_002, 2)]
    assert [site.line for site in found[:-1]] == list(range(1, 2_001))
    assert found[-1] is None
    assert code.unpacked == 1


def test_many_functions_are_told_apart_and_no_more_than_a_bound_are_kept():
    sizes = [*range(1, KNOWN + 50)] * 2
    for size in sizes:  # each code object may take the place in memory of one that is gone
        assert site_of(CountedCode(size), 2 * size - 2).line == size
    held = [o for o in gc.get_objects() if type(o) is CountedCode]
    assert len(held) <= KNOWN


def test_carets_stand_under_the_sub_expression(run):
    site = sites(run("if True:\n    h = x(x @ x) + x\n"))[0]
    assert site.describe().split("\n") == [
        "made at model.py:2   h = x(x @ x) + x",
        "                           ^^^^^",
    ]


@pytest.mark.parametrize(
    ("line", "under"),
    [
        ("größe = 'ß'; y = x * x", "x * x"),
        ("σ = x @ x", "x @ x"),
        ("y = x * x, 'naïve'", "x * x"),
        ("e\u0301 = x * x", "x * x"),
    ],
)
def test_carets_count_characters_and_not_bytes(run, line, under):
    shown, carets = sites(run(line))[0].describe().split("\n")
    before = shown[: shown.index(under)].replace("\u0301", "")
    assert carets == " " * len(before) + "^" * len(under)


def test_a_wide_character_takes_two_cells(run):
    shown, carets = sites(run("名 = x * x"))[0].describe().split("\n")
    assert len(carets) - len("x * x") == shown.index("x * x") + 1


def test_an_expression_over_several_lines_is_shown_by_its_first(run):
    site = sites(run("y = (x +\n     x)\n"))[0]
    assert (site.line, site.end_line, site.expression) == (1, 2, "x +")
    assert site.describe().split("\n")[1].count("^") == len("x +")


def test_what_moves_a_terminals_cursor_is_not_shown(run):
    text = sites(run("y = x * x, '\x1b[2J\u202e', '\t'"))[0].describe()
    assert text.split("\n")[0].endswith("y = x * x, ' [2J ', ' '")


def test_tabs_before_the_expression_keep_the_carets_in_place(run):
    shown, carets = sites(run("if True:\n\ty =\tx * x"))[0].describe().split("\n")
    assert carets.index("^") == shown.index("x * x")


@pytest.mark.parametrize("file", ["<stdin>", "gone.py"])
def test_a_place_without_a_file_is_still_a_place(file):
    recorder = Recorder()
    exec(compile("\n\ny = x * x", file, "exec"), {"x": recorder})
    (site,) = sites(recorder.places)
    assert (site.text, site.expression, site.describe()) == ("", "", f"made at {file}:3")


def test_without_columns_the_whole_line_is_shown(run):
    site = sites(run("y = x * x"))[0]._replace(column=None, end_column=None)
    assert site.describe() == "made at model.py:1   y = x * x"
    assert site.expression == "y = x * x"


def test_python_without_columns_gives_lines(tmp_path):
    script = tmp_path / "plain.py"
    script.write_text(
        "import sys\n"
        "from adjoint.site import site_of\n"
        "frame = sys._getframe()\n"
        "print(site_of(frame.f_code, frame.f_lasti).describe())\n"
    )
    command = [sys.executable, "-X", "no_debug_ranges", script]
    environment = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(PACKAGE))}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    assert done.stdout == "made at plain.py:4   print(site_of(frame.f_code, frame.f_lasti).describe())\n"


def test_no_instruction_is_no_site():
    code = (lambda: None).__code__
    assert site_of(None, 0) is None
    assert site_of(code, None) is None
    assert site_of(code, -1) is None
    assert site_of(code, 1_000_000) is None


def test_here_is_the_callers_line_with_its_carets_in_place():
    shown, carets = here().split("\n")  # the call to here() is what is underlined
    assert shown.startswith("at test_site.py:")
    assert carets == " " * shown.index("here()") + "^" * len("here()")


def test_user_frame_is_the_test():
    assert user_frame().f_code.co_name == "test_user_frame_is_the_test"


def test_user_frame_passes_over_adjoints_own_files():
    inside = {}
    file = PACKAGE + "pretended.py"
    exec(compile("def f(user_frame):\n    return user_frame()\n", file, "exec"), inside)
    assert inside["f"](user_frame).f_code.co_name == "test_user_frame_passes_over_adjoints_own_files"


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("c = t * t", ["c"]),
        ("c = t * t; d = c + t", ["c", "d"]),
        ("c = t * t + t", [None, "c"]),
        ("c = (t * t)(t)[0]", [None, None, "c"]),
        ("c = -t", ["c"]),
        ("c: object = t @ t", ["c"]),
        ("a = b = t * t", ["a"]),
        ("d = (c := t * t) + t", ["c", "d"]),
        ("t += t", ["t"]),
        ("a, b = t * t, t + t", [None, "b"]),
        ("return t * t", [None]),
        ("[t * t]", [None]),
        ("h = lambda: c; c = t * t", ["c"]),
        ("global c; c = t * t", ["c"]),
        ("t.c = t * t", [None]),
        ("print(t * t, end='', file=open(os.devnull, 'w'))", [None]),
        ("for c in [t * t]: d = c + t", [None, "d"]),
    ],
)
def test_a_result_takes_the_name_it_is_stored_to(run, statement, names):
    places = run(f"import os\ndef f(t):\n    {statement}\nf(x)\n")
    assert [assigned_name(code, lasti) for code, lasti in places] == names


def test_a_module_level_name_is_read_too(run):
    assert [assigned_name(*place) for place in run("c = x * x\n")] == ["c"]


def test_names_need_no_source():
    recorder = Recorder()
    exec(compile("c = x * x", "<nowhere>", "exec"), {"x": recorder})
    assert not linecache.getline("<nowhere>", 1)
    assert assigned_name(*recorder.places[0]) == "c"


def test_a_name_is_found_beyond_the_reach_of_one_byte(run):
    many = "; ".join(f"v{i} = {i}" for i in range(300))
    assert [assigned_name(*place) for place in run(f"def f(t):\n    {many}; last = t * t\nf(x)\n")] == ["last"]


def test_no_instruction_has_no_name():
    code = (lambda: None).__code__
    assert assigned_name(None, 0) is None
    assert assigned_name(code, None) is None
    assert assigned_name(code, -1) is None
    assert assigned_name(code, 1_000_000) is None


def test_a_name_is_found_after_python_has_specialised_the_call(run):
    """Python 3.11 and 3.12 then stand at the cache of the instruction, not at its start."""
    places = run("def f():\n    for i in range(50):\n        y = x[0]\n        z = x + i\nf()\n")
    assert [assigned_name(*place) for place in places] == ["y", "z"] * 50
