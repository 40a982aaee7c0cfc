/**
 * Cuts a byte stream into JSON messages, one a line. `onExcess` is called once, and nothing after it, when a line grows past `limit` bytes
 * or is not JSON.
 */
export function createLineReader(limit: number, onMessage: (message: unknown) => void, onExcess: () => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let length = 0;
  let over = false;

  const fail = (): void => {
    over = true;
    parts = [];
    onExcess();
  };

  return (chunk) => {
    let rest = chunk;
    while (!over) {
      const end = rest.indexOf(0x0a);
      const piece = end === -1 ? rest : rest.subarray(0, end);
      length += piece.length;
      if (length > limit) {
        fail();
        return;
      }
      parts.push(piece);
      if (end === -1) return;
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        fail();
        return;
      }
      onMessage(message);
    }
  };
}
