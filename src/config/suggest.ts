// "Did you mean": the known name nearest to a mistyped one.

const MOST_EDITS = 2;
const LONGEST_NAME = 40;

/**
 * The known name nearest to `typed`: one that `typed` begins, or one at most two edits away that keeps some of it.
 * @returns undefined when none is near
 */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  if (typed.length > LONGEST_NAME) return undefined;
  let nearest: string | undefined;
  let fewest = Math.min(MOST_EDITS, typed.length - 1) + 1;
  for (const name of known) {
    const edits = typed.length > 1 && name.startsWith(typed) ? 1 : editDistance(typed, name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

/** Levenshtein's distance: insertions, deletions and replacements from one to the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1] + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[to.length];
}
