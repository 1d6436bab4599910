"""The laws of the layout: who may import whom, what loads at import, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "adjoint"

# The rooms from the ground up. A room is a folder, or files of the top level that belong together;
# a file imports from the rooms of lower levels and from its own.
LEVELS = (
    ("L0", {"errors"}),
    ("L1", {"graph"}),
    ("L2", {"primitives"}),
    ("L3a", {"tensor"}),
    ("L3b", {"functions"}),
    ("L4a", {"differentiate"}),
    ("L4b", {"source", "verify", "rewrite"}),
    ("L5", {"compile", "explain", "expression"}),
    ("public", {"adjoint"}),  # adjoint/__init__.py: it may import anything, and stands below whoever imports it
    ("L6", {"view", "nn", "optim", "train", "interop"}),
    ("L7a", {"workbench"}),
    ("L7b", {"cli"}),  # it starts everything else
)
LEVEL = {room: number for number, (_, rooms) in enumerate(LEVELS) for room in rooms}
NAME = {room: name for name, rooms in LEVELS for room in rooms}
SHARED = {"site": "errors", "numbers": "errors", "__main__": "cli", "front": "adjoint"}
DOORS = (
    "modes",
    "apply",
    "doors",
    "create",
    "operators",
    "inplace",
    "conversion",
    "protocols",
    "signatures",
    "methods",
)
SHARED |= dict.fromkeys(DOORS, "tensor")
SHARED |= dict.fromkeys(("numpy", "special", "random"), "functions")  # thin files that re-export under a public name

ARRAY_METHODS = (
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "argmax",
    "argmin",
    "var",
    "std",
    "all",
    "any",
    "T",
    "transpose",
    "reshape",
    "ravel",
    "flatten",
    "squeeze",
    "dot",
    "take",
    "clip",
    "round",
    "__round__",
    "astype",
    "real",
    "imag",
    "conj",
)

# Functions that reach upward, each one line: (module, qualified name of the function).
DELEGATIONS = frozenset(
    {
        ("adjoint.graph.graph", "Graph.define"),
        ("adjoint.graph.graph", "Graph.evaluate"),
        ("adjoint.graph.graph", "Graph.grad"),
        ("adjoint.explain.story", "Story.show"),
        ("adjoint.explain.story", "Story.save"),
        ("adjoint.graph.graph", "Graph.explain"),
        ("adjoint.graph.graph", "Graph._repr_mimebundle_"),
        ("adjoint.explain.story", "Story._repr_mimebundle_"),
    }
    | {
        ("adjoint.tensor", f"Tensor.{method}")
        for method in ("_numpy_tables", "backward", "explain", "_repr_mimebundle_")
    }
    | {("adjoint.methods", f"Methods.{method}") for method in ARRAY_METHODS}
)

PUBLIC_ONLY = {"nn", "optim", "train"}
PUBLIC = {"adjoint", "adjoint.numpy", "adjoint.special", "adjoint.random", "adjoint.errors"}
HEAVY = ("scipy", "rich", "click", "llvmlite", "sklearn", "starlette", "uvicorn")
RUNS_TEXT = frozenset({"adjoint.source.running"})  # modules that may use eval or exec, and say why
LONGER: frozenset[str] = frozenset()  # modules that may pass the line limit, and say why
LINE_LIMIT = 350


def module_of(path, package):
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    first = module.split(".")[1] if "." in module else "adjoint"
    return SHARED.get(first, first)


class Imports(ast.NodeVisitor):
    """Every import of one file, with the qualified name of the function around it."""

    def __init__(self, path, package):
        self.package, self.module = package, module_of(path, package)
        self.home = self.module if path.name == "__init__.py" else self.module.rpartition(".")[0]
        self.around, self.bodies, self.found, self.unreadable, self.names = [], {}, [], [], []
        self.visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))

    def exists(self, module):
        path = self.package.parent.joinpath(*module.split("."))
        return path.is_dir() or path.with_suffix(".py").is_file()

    def note(self, node, module):
        self.found.append((node.lineno, module, ".".join(self.around)))

    def visit_Import(self, node):
        for alias in node.names:
            self.note(node, alias.name)

    def visit_ImportFrom(self, node):
        base = node.module or ""
        if node.level:
            home = self.home.split(".")
            base = ".".join(home[: len(home) - node.level + 1] + ([base] if base else []))
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            self.note(node, whole if base.startswith("adjoint") and self.exists(whole) else base)

    def visit_If(self, node):
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.orelse:
                self.visit(child)
        else:
            self.generic_visit(node)

    def visit_Call(self, node):
        called = ast.unparse(node.func).rpartition(".")[2]
        if called in ("import_module", "__import__"):
            if node.args and isinstance(node.args[0], ast.Constant):
                self.note(node, str(node.args[0].value))
            else:
                self.unreadable.append(node.lineno)
        self.generic_visit(node)

    def visit_Name(self, node):
        self.names.append((node.lineno, node.id))

    def visit_Attribute(self, node):
        if ast.unparse(node.value) in ("builtins", "__builtins__"):
            self.names.append((node.lineno, node.attr))
        self.generic_visit(node)

    def enclose(self, node):
        self.around.append(node.name)
        self.bodies[".".join(self.around)] = node.body
        self.generic_visit(node)
        self.around.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = enclose


def one_line(body):
    """Whether a function's body is one import and one statement, after an optional docstring."""
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (
        len(body) == 2
        and isinstance(body[0], (ast.Import, ast.ImportFrom))
        and isinstance(body[1], (ast.Return, ast.Expr))
    )


def files(package):
    return sorted(package.rglob("*.py"))


def breaches(package, delegations=frozenset()):
    """Every import that breaks a law of the layout, one line of text each."""
    told, used = [], set()
    for path in files(package):
        imports = Imports(path, package)
        module, room = imports.module, room_of(imports.module)
        if room not in LEVEL:
            told.append(f"{module}: the room {room} has no level")
            continue
        if room == "adjoint":
            continue
        told += [f"{module}:{line} imports a name that cannot be read from the source" for line in imports.unreadable]
        for line, target, function in imports.found:
            place = f"{module}:{line} imports {target}"
            top, _, rest = target.partition(".")
            if top == "llvmlite" and not module.startswith("adjoint.compile.llvm"):
                told.append(f"{place}: only compile/llvm may")
            if top != "adjoint":
                continue
            other = room_of(target) if rest else "adjoint"
            if other not in LEVEL:
                told.append(f"{place}: the room {other} has no level")
            elif room == "explain" and other == "compile":
                told.append(f"{place}: explain never imports compile")
            elif room in PUBLIC_ONLY and other != room and target not in PUBLIC:
                told.append(f"{place}: {room} uses only the public API")
            elif other != room and LEVEL[other] >= LEVEL[room]:
                if (module, function) in delegations:
                    used.add((module, function))
                    if not one_line(imports.bodies[function]):
                        told.append(f"{place}: {function} is a delegation and must be one line")
                else:
                    told.append(f"{place}: {NAME[room]} may not import {NAME[other]}")
    told += [f"{module}: {function} is listed as a delegation and is none" for module, function in delegations - used]
    return told


def test_every_import_keeps_the_levels():
    assert len(files(PACKAGE)) > 2
    assert breaches(PACKAGE, DELEGATIONS) == []


def test_delegations_are_methods_of_the_three_classes_users_hold():
    # Methods is the base of Tensor.
    assert {function.split(".")[0] for _, function in DELEGATIONS} <= {"Tensor", "Methods", "Graph", "Story"}


def runs_text(package, allowed=RUNS_TEXT):
    return [
        f"{imports.module}:{line} uses {name}"
        for imports in (Imports(path, package) for path in files(package))
        for line, name in imports.names
        if name in ("eval", "exec") and imports.module not in allowed
    ]


def test_no_file_runs_text():
    assert runs_text(PACKAGE) == []


def too_long(package, limit=LINE_LIMIT):
    sources = [path for path in package.rglob("*") if path.suffix in (".py", ".js", ".css")]
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sources}
    return {module_of(path, package): n for path, n in lengths.items() if n > limit} if sources else None


def test_files_stay_short():
    assert {module: n for module, n in too_long(PACKAGE).items() if module not in LONGER} == {}


def rooms_without_tests(package, tests):
    """The folders of the package that have no tests of their own."""
    rooms = {path.parent.name for path in files(package) if path.parent.parent == package}
    return sorted(room for room in rooms if not list((tests / room).glob("test_*.py")))


def test_tests_mirror_the_package():
    assert rooms_without_tests(PACKAGE, Path(__file__).resolve().parent) == []


def test_import_loads_only_numpy_and_optree():
    code = f"import adjoint; print('numpy' in sys.modules, [name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); {code}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stdout.strip(), done.returncode) == ("True []", 0), done.stderr


# The laws themselves, broken on purpose in a small tree of their own.


@pytest.fixture
def tree(tmp_path):
    def make(**sources):
        package = tmp_path / "adjoint"
        for name, text in {
            "__init__": "from adjoint.tensor import Tensor",
            "errors": "",
            "tensor": "",
            **sources,
        }.items():
            path = package.joinpath(*name.split("__in__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return package

    return make


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ({"graph__in__node": "import adjoint.primitives.record", "primitives__in__record": ""}, "L1 may not import L2"),
        ({"graph__in__node": "from ..tensor import Tensor"}, "L1 may not import L3a"),
        ({"graph__in__node": "from .. import tensor"}, "L1 may not import L3a"),
        ({"graph__in__node": "import adjoint as ad"}, "L1 may not import public"),
        ({"graph__in__node": "from adjoint import Tensor"}, "L1 may not import public"),
        ({"graph__in__node": "def f():\n    from adjoint import tensor"}, "L1 may not import L3a"),
        ({"graph__in__node": "import importlib\nimportlib.import_module('adjoint.tensor')"}, "L1 may not import L3a"),
        ({"graph__in__node": "import importlib\nimportlib.import_module(name)"}, "cannot be read"),
        ({"graph__in__node": "if TYPE_CHECKING:\n    pass\nelse:\n    import adjoint.tensor"}, "L1 may not import L3a"),
        ({"site": "import adjoint.tensor"}, "L0 may not import L3a"),
        ({"apply": "import adjoint.numpy", "numpy": ""}, "L3a may not import L3b"),
        ({"verify__in__a": "import adjoint.source.b", "source__in__b": ""}, "L4b may not import L4b"),
        ({"explain__in__a": "import adjoint.compile.b", "compile__in__b": ""}, "explain never imports compile"),
        ({"nn__in__a": "from adjoint.graph import node", "graph__in__node": ""}, "nn uses only the public API"),
        ({"nn__in__a": "import adjoint.optim"}, "nn uses only the public API"),
        ({"compile__in__a": "import llvmlite.ir"}, "only compile/llvm may"),
        ({"attic__in__a": ""}, "attic has no level"),
        ({"view__in__a": "import adjoint.attic"}, "attic has no level"),
    ],
)
def test_a_breach_is_reported(tree, sources, told):
    (line,) = breaches(tree(**sources))
    assert line.endswith(told) or told in line


@pytest.mark.parametrize(
    "sources",
    [
        {"graph__in__node": "from ..errors import ShapeError\nfrom . import text\nimport numpy"},
        {"graph__in__node": "import typing\nif typing.TYPE_CHECKING:\n    from adjoint.tensor import Tensor"},
        {"errors": "from adjoint.site import here", "site": "", "apply": "import adjoint.tensor"},
        {"numpy": "from adjoint.functions.mean import mean", "functions__in__mean": "import adjoint.apply"},
        {"compile__in__llvm__in__a": "import llvmlite.ir"},
        {
            "nn__in__a": "import adjoint as ad\nimport adjoint.numpy as np\nfrom . import b",
            "nn__in__b": "",
            "numpy": "",
        },
        {
            "cli__in__main": "import adjoint.view.svg",
            "view__in__svg": "import adjoint",
            "__main__": "import adjoint.cli",
        },
    ],
)
def test_what_is_allowed_is_not_reported(tree, sources):
    assert breaches(tree(**sources)) == []


METHOD = "class Tensor:\n    def grad(self):\n        'Doc.'\n        from adjoint.view import a\n        {}"


@pytest.mark.parametrize(
    ("statement", "listed", "told"),
    [
        ("return a.f(self)", True, None),
        ("a.f(self)", True, None),
        ("return a.f(self)", False, "L3a may not import L6"),
        ("b = a.f(self)", True, "must be one line"),
        ("b = 1; return a.f(b)", True, "must be one line"),
        ("if b: a.f(b)", True, "must be one line"),
    ],
)
def test_a_delegation_is_listed_and_one_line(tree, statement, listed, told):
    package = tree(tensor=METHOD.format(statement), view__in__a="")
    lines = breaches(package, frozenset({("adjoint.tensor", "Tensor.grad")} if listed else ()))
    assert lines == [] if told is None else told in "".join(lines)


def test_a_stale_delegation_is_reported(tree):
    assert "is none" in "".join(breaches(tree(), frozenset({("adjoint.tensor", "Tensor.gone")})))


@pytest.mark.parametrize("text", ["eval('1')", "run = exec", "import builtins\nbuiltins.exec('1')"])
def test_running_text_is_reported_unless_allowed(tree, text):
    package = tree(tensor=f"def f():\n    {text}" if "\n" not in text else text)
    assert len(runs_text(package)) == 1
    assert runs_text(package, {"adjoint.tensor"}) == []


def test_a_method_called_exec_runs_no_text(tree):
    assert runs_text(tree(tensor="loader.exec_module(m)\nplan.exec()\nretrieval('eval(')")) == []


def test_a_long_file_is_reported(tree):
    assert too_long(tree(tensor="\n" * 400)) == {"adjoint.tensor": 400}


def test_a_room_without_tests_is_reported(tree, tmp_path):
    package = tree(graph__in__node="", primitives__in__record="")
    (tmp_path / "tests" / "graph").mkdir(parents=True)
    (tmp_path / "tests" / "graph" / "test_node.py").touch()
    assert rooms_without_tests(package, tmp_path / "tests") == ["primitives"]
