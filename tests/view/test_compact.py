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
const cast = /** @type {any} */ (other), made = new Map(), seen = new Set([1]), sums = (1, 2), joined = "one " + "two " + 3 + "!" + "?";
const { classList: { toString: classList }, fallback = (cast) } = { classList: "classList" };
function given(text) { return (
  (text).length + [text, (text)].map((t) => ((t)).length)[1]); }
made.set("classList", (cast)).delete((seen) && "x");
class Named { classList = 1; get length() { return (this).classList * (-this.classList) ** (2); } classes() { return { classList: this.classList, length: (this).length }; } }
`not ${(cast)} classList`.length, (cast ? 1 : 2), (() => 1)(), (function () {})(), [].length, "classList".length;
console.log(given("four"), made.size, sums, joined, classList.call("classList"), fallback, new Map()
  .size, new Named().classes(), new (Named)().classes?.().classList, [(1, 2), (cast ?? made).length, (cast, -1)], typeof (cast), Infinity, -Infinity);
(made).set(String(1), Number("2")); console.log(made.get("1"), new Map, String(String), made?.["classList"], undefined === void 0);
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
    assert small == "let a={nodes:1},c=a.nodes,{nodes:b}=a;log(b,location,{story:a})"


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
    assert small == "let a=1;function b(c){return c+a}function c(a,b){return b-a}"


def test_what_says_the_same_in_fewer_letters():
    assert compact("const a = true; const b = [1, 2,]; let c; f((x) => x, (x, y) => y, undefined);") == (
        "let a=!0,b=[1,2],c;f(a=>a,(a,b)=>b,undefined)"
    )
    assert compact("for (const x of y) { z(); } while (a);") == "for(let a of y){z()}while(a);"


@pytest.mark.parametrize("text", ["const a = #;", "f(", "f)", "{]", "'open"])
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(ScriptError):
        compact(text)


def test_what_is_said_again_is_said_once():
    text = "log(Math.max(1, 2), 'a text', { 'a text': 1 }, x ? 'a text' : Math.max(3), 'a text', undefined, Math.max);"
    assert compact(text * 2).startswith("let ")
    assert compact(text * 2).count("Math.max") == 1
    assert compact(text * 2).count("a text") == 1
    assert compact("log('once', Math.max)") == "log('once',Math.max)"


def test_members_that_are_asked_for_again_are_named():
    text = "a.classList.add(b.classList, c?.classList, { classList: 1, length: 2 }); const { classList } = d; log(classList);"
    assert compact(text) == 'let e="classList";a[e].add(b[e],c?.[e],{[e]:1,length:2});let{[e]:f}=d;log(f)'
    assert compact("function f() { return new.target; } " * 9).count("new.target") == 9


@pytest.mark.parametrize(
    ("text", "small"),
    [
        ("const a = (b.c(d)[0]); f((g), ...(h));", "let a=b.c(d)[0];f(g,...h)"),
        ("return (\n f + g);", "return f+g"),
        ("a\nb = (\nc)\nreturn\n(d)", "a\nb=c\nreturn\nd"),
        (
            "a = (f, g); b = (c ? d : e) + 1; (() => 1)(); (-1) ** 2; k((b in c));",
            "a=(f,g);b=(c?d:e)+1;(()=>1)();(-1)**2;k((b in c))",
        ),
        ("a.delete((b)); a.return(c); delete (a.b); new (f());", "a.delete(b);a.return(c);delete a.b;new(f())"),
        ("a?.(b); f`c${(d)}`(e); (a.b)?.(c); (h)(i); (j)\nk()", "a?.(b);f`c${d}`(e);a.b?.(c);h(i);j\nk()"),
        ("f(() => ({}), (a?.b).c, (await d).e, (async () => {}));", "f(()=>({}),(a?.b).c,(await d).e,async()=>{})"),
        ("a = new Map(); new Map().size; f(new Map());", "a=new Map;new Map().size;f(new Map)"),
        ('a = "b " + "c" + d; e = f * "2" + "3"; g = "h" + "i".length;', 'a="b c"+d;e=f*"2"+"3";g="h"+"i".length'),
    ],
)
def test_what_changes_nothing_goes(text, small):
    assert compact(text) == small
