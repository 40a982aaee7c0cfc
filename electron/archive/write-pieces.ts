import fs from 'node:fs';

/** Writes all of the pieces, one after the other, however little of them the system takes at a time. Throws the system's error. */
export function writePieces(fd: number, pieces: readonly Uint8Array[]): void {
  let rest = pieces.filter((piece) => piece.length > 0);
  while (rest.length > 0) {
    let written = fs.writevSync(fd, rest);
    while (rest[0] !== undefined && written >= rest[0].length) {
      written -= rest[0].length;
      rest = rest.slice(1);
    }
    if (rest[0] !== undefined && written > 0) rest = [rest[0].subarray(written), ...rest.slice(1)];
  }
}
