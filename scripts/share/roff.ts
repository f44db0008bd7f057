// Text as man(7) wants it.

const COLUMNS = 78;

/** Plain text: nothing in it is a request or an escape, whatever it begins with; beyond ASCII by code point. */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[^\x20-\x7e\n]/gu, (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`)
    .replaceAll(/(?<=^|\s)\./g, '\\&.');
}

/** `B`old and `I`talic inside a line. */
export const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

/** A part with a heading. Its first paragraph needs no request of its own. */
export const section = (title: string, ...parts: readonly string[]): string => `.SH ${title}\n${parts.join('').replace(/^\.PP\n/, '')}`;
export const subsection = (title: string, ...parts: readonly string[]): string => `.SS ${title}\n${parts.join('').replace(/^\.PP\n/, '')}`;

/** Plain text in which `*words*` are bold. */
export function marked(text: string): string {
  return text.split('*').map((part, at) => (at % 2 === 1 ? bold(part) : roff(part))).join('');
}

/** A paragraph of marked() text. */
export function paragraph(text: string): string {
  return `.PP\n${marked(text)}\n`;
}

/** A list of terms, each with its text; both are ready for man(7). */
export function terms(rows: readonly (readonly [term: string, text: string])[]): string {
  return rows.map(([term, text]) => `.TP\n${term}\n${text}\n`).join('');
}

/** Lines as they are. */
export function example(text: string): string {
  return `.PP\n.RS 4\n.EX\n${roff(text)}\n.EE\n.RE\n`;
}

/** The page with its lines of text filled to 78 columns; requests and examples stay as they are. */
export function filled(page: string): string {
  let asIs = false;
  return page.split('\n').flatMap((line) => {
    if (line === '.EX' || line === '.EE') asIs = line === '.EX';
    return asIs || line.startsWith('.') ? [line] : fill(line);
  }).join('\n');
}

function fill(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] === '') lines[last] = word;
    else if (lines[last].length + 1 + word.length <= COLUMNS) lines[last] += ` ${word}`;
    else lines.push(word);
  }
  return lines;
}
