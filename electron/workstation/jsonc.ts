/**
 * JSON with comments (line and block) and trailing commas, as in our settings file.
 * @throws SyntaxError
 */
export function parseJsonc(text: string): unknown {
  return JSON.parse(withoutTrailingCommas(withoutComments(text.replace(/^\uFEFF/, ''))));
}

/** A string, or a comment, or the start of neither. Strings come first, so that `//` inside them stays. */
const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const STRING_OR_COMMA = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g;

const withoutComments = (text: string) => text.replace(STRING_OR_COMMENT, (found) => (found.startsWith('"') ? found : ' '));
const withoutTrailingCommas = (text: string) => text.replace(STRING_OR_COMMA, (found) => (found.startsWith('"') ? found : ''));
