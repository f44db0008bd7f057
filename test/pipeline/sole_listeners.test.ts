// Who accepted a connection that is over: real listeners and real holders of them; the events of processes are said here.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { PROC_EVENT, ProcEvent } from '../../src/host/proc_event.js';
import { ProcessTable } from '../../src/host/process_table.js';
import { SockDiag } from '../../src/host/sock_diag.js';
import { SoleListeners, type SoleVerdict } from '../../src/pipeline/sole_listeners.js';
import { type ConnectionKey, keyOf } from '../../src/ring/connection_key.js';
import { until } from '../support/command.js';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1, 127, 0, 0, 1);
const CLIENT_PORT = 1;

function event(what: number, pid: number, otherTgid = 0): ProcEvent {
  return Object.assign(new ProcEvent(), { what, pid, tgid: pid, otherTgid });
}

describe('who accepted a connection that is over', () => {
  const diag = new SockDiag();
  const children: ChildProcess[] = [];
  let server: Server;
  let key: ConnectionKey;
  let table: ProcessTable;
  let sole: SoleListeners;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    key = keyOf(LOOPBACK, 0, 4, 4, (server.address() as AddressInfo).port, CLIENT_PORT);
    table = new ProcessTable();
    table.scan();
    sole = new SoleListeners(diag, table);
  });
  afterEach(async () => {
    server.close();
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  after(() => diag.close());

  /** Another process that holds what listens. */
  const share = async (): Promise<number> => {
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
    children.push(child);
    await once(child, 'spawn');
    return child.pid!;
  };
  /** Asks until everything is read. */
  const verdict = async (listening: readonly number[], beganMs: number): Promise<SoleVerdict> => {
    const overMs = performance.now();
    let said: SoleVerdict = 'not yet';
    await until('a verdict', () => (said = sole.verdict(key, listening, beganMs, overMs, performance.now())) !== 'not yet');
    return said;
  };
  const begin = (): [listening: readonly number[], beganMs: number] => {
    const nowMs = performance.now();
    return [sole.listening(key, true, nowMs), nowMs];
  };

  it('is the process that alone listens there', async () => {
    const [listening, beganMs] = begin();
    assert.equal(listening.length, 1);
    assert.equal(await verdict(listening, beganMs), process.pid);
  });

  it('is nobody where nothing listened when it began, or something else does now', async () => {
    const [listening, beganMs] = begin();
    assert.equal(await verdict([], beganMs), 0);
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    assert.equal(await verdict(listening, beganMs), 0);
  });

  it('is nobody of this host where the address is none of this host, such as that of a container', async () => {
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    server = createServer().listen(port, '0.0.0.0');
    await once(server, 'listening');
    const [listening, beganMs] = begin();
    assert.equal(await verdict(listening, beganMs), process.pid);
    key = keyOf(Uint8Array.of(203, 0, 113, 9, 127, 0, 0, 1), 0, 4, 4, port, CLIENT_PORT);
    assert.deepEqual(begin()[0], []);
    assert.equal(await verdict(listening, beganMs), 0);
  });

  it('may be any of several that hold what listens, heard of or not', async () => {
    const [listening, beganMs] = begin();
    const pid = await share();
    table.scan();
    assert.equal(await verdict(listening, beganMs), 'several');
    // It ends, and may still have accepted.
    const [child] = children.splice(0);
    child.kill('SIGKILL');
    await once(child, 'exit');
    sole.heard(event(PROC_EVENT.EXIT, pid));
    table.exited(pid, process.hrtime.bigint());
    assert.equal(await verdict(listening, beganMs), 'several');
  });

  it('may be a child that was there for a moment', async () => {
    const [listening, beganMs] = begin();
    assert.equal(await verdict(listening, beganMs), process.pid);
    sole.heard(event(PROC_EVENT.FORK, 0x3ffffff0, process.pid));
    sole.heard(event(PROC_EVENT.EXIT, 0x3ffffff0));
    assert.equal(await verdict(listening, beganMs), 'several');
    // What comes after the child's end is not concerned, once that cannot have been late.
    await until('the next one', async () => await verdict(...begin()) === process.pid);
  });

  it('is not told where another process was seen to have connections, until that has ended', async () => {
    const [listening, beganMs] = begin();
    sole.serves(key.localPort, process.pid);
    assert.equal(await verdict(listening, beganMs), process.pid);
    sole.serves(key.localPort, 1);
    assert.equal(await verdict(listening, beganMs), 'several');
    sole.heard(event(PROC_EVENT.EXIT, 1));
    assert.equal(await verdict(listening, beganMs), process.pid);
  });
});
