/** The colours by what they mean, for pictures that leave the page; in the page the style sheet has the same ones. */

const NAMES = "page stage panel ink ink2 edge wire line here ring pos posbg neg negbg zero zerobg ok okbg bad badbg".split(" ");
const HEX = {
  light:
    "F4F5F2 FFFFFF FBFBF9 1A1E24 4F5863 7C8793 5E6975 D5D9DE FFEFA8 1A1E24 0A58A8 E4EFFA A84300 FCEBDF 5E6772 ECEEF0 1B6B3A " +
    "E3F3E8 A3192E FBE6E9",
  dark:
    "101317 171B20 1B2026 E9ECEF A9B2BC 737E8A 98A3AF 323A43 453B0C F5D76B 7CBCFF 16304A FFA666 43260F A5AEB8 2A3037 7FD49B " +
    "15331F FF93A0 431720",
};
export const UI_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif';
export const MATH_FONT =
  '"STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", "DejaVu Serif", math, serif';

/** Colour codes by their names. @param {"light" | "dark"} theme @returns {Record<string, string>} */
export function paletteOf(theme) {
  const codes = HEX[theme].split(" ");
  return Object.fromEntries(NAMES.map((name, i) => [name, "#" + codes[i]]));
}

/** The same names as the style sheet's variables. @returns {Record<string, string>} */
export function pageColours() {
  return Object.fromEntries(NAMES.map((name) => [name, `var(--${name})`]));
}
