"""One real prediction explained: which pixels and which layers were responsible for it.

The network is piecewise linear, so the lead of the winning score over the next one is exactly the sum
of what every pixel and every bias contributes: its gradient times its value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

import adjoint as ad
from adjoint.cli import digits
from adjoint.explain.story import Story, explain
from adjoint.numbers import format_gradient, format_number, format_shape
from adjoint.site import EXAMPLES

if TYPE_CHECKING:
    from adjoint.cli.digits import Array, Digits, Trained
    from adjoint.cli.folder import Folder

EXAMPLES.add(__file__)  # its story tells the lines below

_SHADES = " .:-=+*#%@"


class Prediction(NamedTuple):
    """What the network said of one image of the test split."""

    place: int
    image: Array
    label: int
    first: int
    second: int
    probabilities: Array


class Shares(NamedTuple):
    """The lead of the first score over the second, and what pixels and biases contribute to it."""

    lead: float
    pixels: Array
    biases: float


def predict(weights: dict[str, Array], image: Array, place: int, label: int) -> Prediction:
    """The two digits with the highest scores, and the probability of all ten."""
    found = digits.scores(**weights, images=image.reshape(1, 64))[0]
    shares = np.exp(found - found.max())
    order = np.argsort(-found)
    return Prediction(place, image.reshape(8, 8), label, int(order[0]), int(order[1]), shares / shares.sum())


def hardest(weights: dict[str, Array], data: Digits) -> Prediction:
    """Of the right predictions on the test split, the least certain one."""
    found = digits.scores(**weights, images=data.test.images)
    ordered = np.sort(found, axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    right = found.argmax(axis=1) == data.test.labels
    place = int(np.argmin(np.where(right, lead, np.inf)))
    return predict(weights, data.test.images[place], place, int(data.test.labels[place]))


def shares_of(weights: dict[str, Array], prediction: Prediction) -> Shares:
    """What each pixel and the biases contribute to the lead: gradient times value, which add up to it."""

    def lead(image: Any, b1: Any, b2: Any) -> Any:
        found = digits.scores(weights["w1"], b1, weights["w2"], b2, image.reshape(1, 64))
        return found[0, prediction.first] - found[0, prediction.second]

    given = (prediction.image, weights["b1"], weights["b2"])
    value, slopes = ad.value_and_grad(lead, argnums=(0, 1, 2))(*given)
    pixels, *biases = (slope * x for slope, x in zip(slopes, given, strict=True))
    return Shares(float(value), pixels, float(sum(b.sum() for b in biases)))


def story_of(weights: dict[str, Array], prediction: Prediction) -> Story:
    """The story of the loss of this one image, by its pixels and by all weights."""

    def J(image: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        hidden = np.maximum(image.reshape(64) @ w1 + b1, 0.0)
        scores = hidden @ w2 + b2
        shifted = scores - scores.max()
        return np.log(np.exp(shifted).sum()) - shifted[prediction.label]

    return explain(J, title=f"One image of a {prediction.label}")(prediction.image, **weights)


def show_prediction(trained: Trained, data: Digits, place: Folder) -> None:
    """Explains the least certain of the right predictions of a network, and writes its pictures."""
    from adjoint.cli.demo import files_of, heading, paragraph

    seen = hardest(trained.weights, data)
    shares = shares_of(trained.weights, seen)
    story = story_of(trained.weights, seen)
    place.write(files_of("prediction", story) | {"prediction-pixels.json": pixels_json(seen, shares)})
    heading(f"One prediction explained: image {seen.place} of the test split, the least certain right one")
    first, second = seen.probabilities[[seen.first, seen.second]]
    paragraph(
        f"It is a {seen.label}. The network says {seen.first} ({100 * first:.1f} %) before {seen.second} "
        f"({100 * second:.1f} %). Which pixels spoke for {seen.first} (+) and which for {seen.second} (-)? "
        "The gradient of the lead by a pixel, times the pixel; 9 is the strongest.",
        "  ",
    )
    click.echo()
    for left, right in zip(picture(seen.image), heat(shares.pixels), strict=True):
        click.echo(f"      {left}      {right}")
    click.echo()
    given, taken = shares.pixels[shares.pixels > 0].sum(), shares.pixels[shares.pixels < 0].sum()
    paragraph(
        f"Pixels for {seen.first} add {format_gradient(given)}, pixels for {seen.second} {format_gradient(taken)}, "
        f"biases {format_gradient(shares.biases)}: together the lead, {format_gradient(shares.lead)}.",
        "  ",
    )
    click.echo("\n  Gradients of this image's loss, layer by layer (norm, and share of all |gradient|):")
    for name, shape, norm, share in layers(story):
        click.echo(f"    {name:<8} {shape:<8} {format_number(norm):>8}  {100 * share:5.1f} %  {bar(share)}")
    hidden, _ = story.values("hidden")
    off = int((hidden == 0).sum())
    paragraph(
        f"{off} of {hidden.size} hidden units were off (relu routes: they receive nothing and pass nothing on), so "
        f"the weights into them have gradient 0. The loss of this image is {format_number(story.value)}.",
        "  ",
    )


def picture(image: Array) -> list[str]:
    """The image as text, two characters a pixel."""
    return ["".join(2 * _SHADES[round(9 * float(v))] for v in row) for row in image]


def heat(shares: Array) -> list[str]:
    """What every pixel contributes, from -9 to +9 in proportion to the strongest; a dot for less than a half."""
    top = float(np.abs(shares).max()) or 1.0
    digits_of = np.rint(9 * shares / top).astype(int)
    return [" ".join(f"{v:+d}" if v else " ." for v in row) for row in digits_of]


def layers(story: Story) -> list[tuple[str, str, float, float]]:
    """For both layers, weights and biases together: name, shape, norm of the gradient, share of all |gradient|."""
    found = {name: g for name, g in story.gradients.items() if name in digits.LAYERS}
    total = sum(float(np.abs(g).sum()) for g in found.values()) or 1.0
    rows = []
    for number in (1, 2):
        parts = [found[f"w{number}"], found[f"b{number}"]]
        norm = float(np.sqrt(sum((g**2).sum() for g in parts)))
        share = sum(float(np.abs(g).sum()) for g in parts) / total
        rows.append((f"layer {number}", format_shape(parts[0].shape), norm, share))
    return rows


def bar(share: float, cells: int = 30) -> str:
    """A share as a bar of text."""
    return "█" * round(cells * share)


def pixels_json(seen: Prediction, shares: Shares) -> str:
    """Image, probabilities and shares, as JSON."""
    import json

    document = {
        "test_image": seen.place,
        "label": seen.label,
        "first": seen.first,
        "second": seen.second,
        "probabilities": seen.probabilities.tolist(),
        "image": seen.image.tolist(),
        "lead": shares.lead,
        "pixel_shares": shares.pixels.tolist(),
        "bias_share": shares.biases,
    }
    return json.dumps(document, indent=1) + "\n"
