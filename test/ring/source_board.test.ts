import assert from 'node:assert/strict';
import { MAX_SOURCES, SOURCE, SourceBoard, allocateSourceBoard } from '../../src/ring/source_board.js';

describe('ring: source board', () => {
  it('every number of every row is its own, from both ends', () => {
    const memory = allocateSourceBoard();
    const [writer, reader] = [new SourceBoard(memory), new SourceBoard(memory)];
    const numbers = Object.values(SOURCE);
    const rows = [0, 1, 2, MAX_SOURCES - 1];
    for (const row of rows) for (const number of numbers) writer.set(row, number, row * 100 + number);
    for (const row of rows) for (const number of numbers) assert.equal(reader.get(row, number), row * 100 + number);
    assert.equal(reader.get(3, SOURCE.RECEIVED), 0);
  });

  it('counts far beyond 32 bits', () => {
    const board = new SourceBoard(allocateSourceBoard());
    board.set(5, SOURCE.HANDED, 2 ** 52);
    board.add(5, SOURCE.HANDED, 3);
    assert.equal(board.get(5, SOURCE.HANDED), 2 ** 52 + 3);
  });
});
