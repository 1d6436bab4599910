/** Several files in one, stored as they are: what saving all steps gives. */

/** @type {Uint32Array | null} */
let checksums = null;

/** The checksum that zip wants. @param {Uint8Array} bytes */
function crc32(bytes) {
  if (!checksums) {
    checksums = Uint32Array.from({ length: 256 }, (_, n) => {
      for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
      return n;
    });
  }
  let sum = ~0;
  for (const byte of bytes) sum = (sum >>> 8) ^ checksums[(sum ^ byte) & 255];
  return ~sum >>> 0;
}

/**
 * @param {[string, string][]} files   Names and texts.
 * @returns {Blob}
 */
export function zipped(files) {
  const encoder = new TextEncoder();
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const index = [];
  let offset = 0;
  const record = (/** @type {[number, number][]} */ fields) => {
    const bytes = new Uint8Array(fields.reduce((n, [size]) => n + size, 0));
    let at = 0;
    for (const [size, value] of fields) for (let i = 0; i < size; i++) bytes[at++] = (value / 256 ** i) & 255;
    return bytes;
  };
  for (const [name, text] of files) {
    const title = encoder.encode(name);
    const data = encoder.encode(text);
    // Version 2.0, names in UTF-8, stored, the first day that zip knows.
    /** @type {[number, number][]} */
    const common = [[2, 20], [2, 0x800], [2, 0], [2, 0], [2, 33], [4, crc32(data)], [4, data.length], [4, data.length], [2, title.length], [2, 0]];
    index.push(record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), title);
    const head = record([[4, 0x04034b50], ...common]);
    parts.push(head, title, data);
    offset += head.length + title.length + data.length;
  }
  const size = index.reduce((n, b) => n + b.length, 0);
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]]);
  return new Blob([...parts, ...index, end], { type: "application/zip" });
}
