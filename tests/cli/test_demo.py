"""adjoint demo: its numbers, its files, and its manners."""

import builtins
import json
import re
import time

import jsonschema
import numpy as np
import pytest

from adjoint.cli import digits, prediction
from adjoint.cli.demo import story_of
from adjoint.cli.digits import MissingData, load
from adjoint.cli.folder import MANIFEST, Folder
from adjoint.errors import InputFileError
from adjoint.expression.classics import CLASSICS
from cli.shell import ROOT, adjoint, process, refused

SLOPE = np.cos(1.0)
F = 1 / (1 + np.exp(-1.0))
WORKED = {
    "squared-error": (2.0, {"w": -4.0, "x": 4.0, "b": 2.0, "y": -2.0}),
    "product-of-a-sum": (-20.0, {"a": 15.0, "b": 10.0, "c": 5.0, "f": -4.0}),
    "sum-times": (-12.0, {"x": -4.0, "y": -4.0, "z": 3.0}),
    "sine": (np.sin(1.0), {"x": 0.5 * SLOPE, "y": 2 * SLOPE}),
    "neuron": (F, {k: v * F * (1 - F) for k, v in {"w0": -1, "x0": 2, "w1": -2, "x1": -3, "w2": 1}.items()}),
    "maximum": (-20.0, {"x": -8.0, "y": 6.0, "z": 2.0, "w": 0.0}),
    "copy": (3.0, {"a": 1.0, "b": 4.0}),
}


@pytest.mark.parametrize("classic", CLASSICS, ids=lambda c: c.name)
def test_the_worked_examples_have_the_numbers_done_by_hand(classic):
    story = story_of(classic)
    value, gradients = WORKED[classic.name]
    assert story.value == pytest.approx(value, rel=1e-15)
    assert story.gradients == pytest.approx(gradients, rel=1e-14)
    assert round(WORKED["neuron"][0], 2) == 0.73


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "made" / "here"
    begin = time.perf_counter()
    done = process("demo", "--quick", "--folder", folder)
    assert time.perf_counter() - begin < 60
    assert (done.returncode, done.stderr) == (0, "")
    return folder, done.stdout


def test_the_demo_prints_what_was_computed(quick):
    folder, printed = quick
    for text in ("∂w −4   ∂x +4   ∂b +2   ∂y −2", "∂a +15   ∂b +10   ∂c +5   ∂f −4", "∂x −4   ∂y −4   ∂z +3", "0.7311"):
        assert text in printed
    assert printed.count("agrees with central differences") == len(CLASSICS)
    assert "DOES NOT" not in printed
    assert "\x1b" not in printed
    assert str(folder) in printed
    assert max(map(len, printed.splitlines())) <= 120
    assert float(re.search(r", test (\S+) %", printed)[1]) > 90


def test_the_demo_writes_pictures_and_stories(quick):
    folder, _ = quick
    schema = json.loads((ROOT / "docs" / "story.schema.json").read_text(encoding="utf-8"))
    names = {c.name for c in CLASSICS} | {"prediction"}
    expected = {f"{n}{end}" for n in names for end in (".json", ".svg", "-textbook.svg")}
    assert {f.name for f in folder.iterdir()} == expected | {"prediction-pixels.json", MANIFEST}
    for name in names:
        jsonschema.validate(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), schema)
    told = json.loads((folder / "prediction.json").read_text(encoding="utf-8"))
    hidden = next(node for node in told["nodes"] if node.get("name") == "hidden")
    assert hidden["site"].startswith("prediction.py:")
    assert {n["name"] for n in told["nodes"] if n.get("role") == "parameter"} == {"image", "w1", "b1", "w2", "b2"}


def test_what_pixels_and_biases_contribute_adds_up_to_the_lead(quick):
    folder, _ = quick
    found = json.loads((folder / "prediction-pixels.json").read_text(encoding="utf-8"))
    assert np.shape(found["pixel_shares"]) == (8, 8)
    assert np.sum(found["pixel_shares"]) + found["bias_share"] == pytest.approx(found["lead"], rel=1e-9)
    assert found["lead"] == pytest.approx(np.log(np.divide(*np.sort(found["probabilities"])[-1:-3:-1])), rel=1e-9)
    assert found["first"] == found["label"]
    test = load().test
    assert np.array_equal(np.ravel(found["image"]), test.images[found["test_image"]])
    assert test.labels[found["test_image"]] == found["label"]


def test_the_demo_runs_again_in_its_own_folder_only(quick, tmp_path):
    folder, _ = quick
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    Folder(str(folder)).write({"copy.json": "new"})
    assert (folder / "copy.json").read_text() == "new"
    with pytest.raises(InputFileError, match="not written by the demo"):
        Folder(str(folder)).write({"notes.txt": "x", "copy.json": "newer"})
    assert ((folder / "notes.txt").read_text(), (folder / "copy.json").read_text()) == ("mine", "new")
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    assert "did not write" in refused(adjoint("demo", "--quick", "--folder", tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
    assert "cannot be used" in refused(adjoint("demo", "--quick", "--folder", tmp_path / "thesis.tex"))


def test_without_scikit_learn_the_first_part_still_runs(tmp_path, monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name.startswith("sklearn"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingData):
        load()
    outcome = adjoint("demo", "--folder", tmp_path / "d")
    assert outcome.exit_code == 2
    assert "pip install scikit-learn" in outcome.stderr
    assert "The copy gate" in outcome.stdout
    assert (tmp_path / "d" / "copy.svg").exists()
    assert "Traceback" not in outcome.output


def test_the_split_is_fixed_fair_and_without_overlap():
    pytest.importorskip("sklearn")
    data = load()
    again = load()
    total = sum(len(part.labels) for part in data)
    assert total == 1797
    assert len(data.test.labels) / total == pytest.approx(0.25, abs=0.002)
    for part, same in zip(data, again):
        assert np.array_equal(part.images, same.images)
    marked = np.arange(1797.0)
    parts = digits.split(np.repeat(marked[:, None], 64, 1), np.concatenate([p.labels for p in data]))
    assert np.array_equal(np.sort(np.concatenate([p.images[:, 0] for p in parts])), marked)
    for part in data:
        shares = np.bincount(part.labels, minlength=10) / len(part.labels)
        assert shares.min() > 0.08
        assert shares.max() < 0.12


@pytest.fixture
def data():
    """The images, and one thread as in the demo: on a busy machine a second one only waits."""
    pytest.importorskip("sklearn")
    with pytest.importorskip("threadpoolctl").threadpool_limits(1):
        yield load()


def test_training_never_reads_the_test_split(data):
    hidden = digits.Part(np.full_like(data.test.images, np.nan), np.zeros_like(data.test.labels))
    seen = digits.train(1, data, epochs=2)
    blind = digits.train(1, data._replace(test=hidden), epochs=2)
    assert all(np.array_equal(seen.weights[n], blind.weights[n]) for n in digits.LAYERS)
    assert (seen.epoch, seen.validation) == (blind.epoch, blind.validation)


def test_every_seed_reads_at_least_96_percent_of_the_test_split(data):
    found = [digits.train(seed, data) for seed in digits.SEEDS]
    assert len({one.seed for one in found}) == 3
    assert min(one.test for one in found) >= 0.96


def test_the_gradient_that_trains_is_the_numeric_one():
    import adjoint as ad

    random = np.random.default_rng(0)
    weights = [random.normal(size=s) / 4 for s in ((64, 5), (5,), (5, 10), (10,))]
    images, labels = random.random((3, 64)), np.array([1, 0, 9])
    assert ad.check(digits.loss)(*weights, images, labels).ok


def test_the_picture_and_the_heat_map():
    assert prediction.picture(np.array([[0.0, 0.4, 1.0]])) == ["  ==@@"]
    assert prediction.heat(np.array([[0.0, -1.0, 0.5, 2.0]])) == [" . -4 +2 +9"]
    assert prediction.heat(np.zeros((1, 2))) == [" .  ."]
