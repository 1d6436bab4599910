"""Scripts in few bytes do what they did: compared under Node.js, piece by piece and on programs made on purpose."""

import shutil
import subprocess

import pytest

from adjoint.view.compact import compact
from adjoint.view.pieces import ScriptError, tokens

NODE = shutil.which("node")

# The lines are long on purpose: breaks matter.
# ruff: noqa: E501
PROGRAM = r"""
"use strict";
const outer = 5, other = outer + 1;
let later;
function area({ width, height = width / 2, unit: { name: label } = { name: "m" } }, [first, ...rest], scale = (z) => z * outer) {
  let total = width * height, twice = total
  const shown = { width, height, total, [label]: rest.length, get doubled() { return twice * 2; }, go(width) { return width; } };
  for (const [key, value] of Object.entries(shown)) if (key !== `go`) later = `${key}=${value}, ${`nested ${total + { width: 1 }.width}`}`;
  switch (first) {
    case 1: { const width = 7; total += width; break; }
    default: { total -= 1; }
  }
  return { ...shown, scaled: scale(total), choice: first ? width : height, list: [width, height], text: 'width', rest };
}
function* pairs(list) { for (const x of list) yield { x, list }; }
class Shape extends Array {
  static made = 3;
  size = 4;
  constructor(n) { super(n); this.size = n; }
  get half() { return this.size / 2; }
  grow(by) { const size = this.size + by; return { size, by }; }
}
const each = async (item) => { try { await item; } catch (error) { return error.message; } finally { later += "!"; } };
const pattern = /[/"'`]width/g, quotient = outer / other / 2;
let a = 1
let b = a
++b
const arrow = x => ({ x, y: x ** 2 })
const plus = a + +b - -a, less = a < b;
console.log(JSON.stringify(area({ width: 4 }, [1, 2, 3])), later, quotient, "x".replace(pattern, "y"), plus, less);
console.log([...pairs([1, 2])].map(({ x, list }) => x + list.length).join());
console.log(new Shape(3).grow(2), new Shape(2).half, Shape.made, JSON.stringify(arrow(3)), a, b, other, 1..toFixed(1));
each(Promise.reject(new Error("width"))).then((found) => console.log(found, later));
"""


def ran(text):
    done = subprocess.run([NODE, "-"], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(NODE is None, reason="Node.js is not here")
def test_a_compact_script_does_the_same():
    small = compact(PROGRAM)
    assert ran(small) == ran(PROGRAM)
    assert len(small) < 0.75 * len(PROGRAM)
    assert ran(compact(small)) == ran(PROGRAM)


def test_names_of_properties_and_of_the_window_stay():
    small = compact(
        "const story = { nodes: 1 }; let name = story.nodes; const { nodes } = story; log(nodes, location, { story });"
    )
    assert small == "const a={nodes:1};let c=a.nodes;const{nodes:b}=a;log(b,location,{story:a})"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a = b / c / d", ["a", "=", "b", "/", "c", "/", "d"]),
        ("a = /b\\/[/]c/g.test(d)", ["a", "=", "/b\\/[/]c/g", ".", "test", "(", "d", ")"]),
        ("`a${b}c${`${d}`}`", ["`a${", "b", "}c${", "`${", "d", "}`", "}`"]),
        ("x?.y ?? z ? .5 : 1e-3", ["x", "?.", "y", "??", "z", "?", ".5", ":", "1e-3"]),
        ("'//' + \"/*\" /* c */ // d", ["'//'", "+", '"/*"']),
    ],
)
def test_pieces(text, pieces):
    assert [t.text for t in tokens(text)] == pieces


def test_breaks_that_end_a_statement_stay():
    assert compact("a()\nb()\nreturn\nc") == "a()\nb()\nreturn\nc"
    assert compact("a\n(b)") == "a\n(b)"
    assert compact("a;\nb,\nc =\n1;") == "a;b,c=1"


def test_a_name_is_known_in_its_part_only():
    small = compact(
        "const one = 1; function f(two) { return two + one; } function g(three, two) { return two - three; }"
    )
    assert small == "const a=1;function b(c){return c+a}function c(a,b){return b-a}"


def test_what_says_the_same_in_fewer_letters():
    assert compact("const a = true; const b = [1, 2,]; let c; f((x) => x, (x, y) => y, undefined);") == (
        "const a=!0,b=[1,2];let c;f(a=>a,(a,b)=>b,undefined)"
    )
    assert compact("for (const x of y) { z(); } while (a);") == "for(const a of y){z()}while(a);"


@pytest.mark.parametrize("text", ["const a = #;", "f(", "f)", "{]", "'open"])
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(ScriptError):
        compact(text)


def test_what_is_said_again_is_said_once():
    text = "log(Math.max(1, 2), 'a text', { 'a text': 1 }, x ? 'a text' : Math.max(3), 'a text', undefined, Math.max);"
    assert compact(text * 2).startswith("const ")
    assert compact(text * 2).count("Math.max") == 1
    assert compact(text * 2).count("a text") == 1
    assert compact("log('once', Math.max)") == "log('once',Math.max)"
