import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, tryCommand } from '../support/command.js';
import { ROOT } from './project.js';

describe('httplog@.service', function () {
  this.timeout(180_000);
  const text = readFileSync(join(ROOT, 'scripts/systemd/httplog@.service'), 'utf8');
  const values = (key: string): string[] => [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
  let folder: string;
  let unit: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'httplog-unit-'));
    unit = join(folder, 'httplog@eth0.service');
    // Nothing is installed where the unit looks: the checkout stands in for it.
    const command = join(ROOT, 'bin/httplog');
    assert.ok(text.includes('\nExecStart=/usr/local/bin/httplog '));
    writeFileSync(unit, text.replace('\nExecStart=/usr/local/bin/httplog ', `\nExecStart=${command} `));
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is accepted by systemd without a remark', () => {
    const { status, stdout, stderr } = tryCommand(['systemd-analyze', 'verify', unit]);
    assert.deepEqual({ status, said: (stdout + stderr).split('\n').filter((line) => line.includes('httplog')) }, { status: 0, said: [] });
  });

  it('is exposed by less than 2.0 of 10', () => {
    const report = command(['systemd-analyze', 'security', '--offline=true', '--no-pager', unit]);
    const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(report) ?? [];
    assert.ok(Number(exposure) < 2, report);
  });

  it('holds CAP_NET_RAW and nothing else, and never becomes root', () => {
    assert.deepEqual(values('AmbientCapabilities'), ['CAP_NET_RAW']);
    assert.deepEqual(values('CapabilityBoundingSet'), ['CAP_NET_RAW']);
    assert.deepEqual(values('DynamicUser'), ['yes']);
  });

  it('takes a drop-in for -proc, which systemd accepts without a remark', () => {
    const dropIn = join(folder, 'httplog@eth0.service.d');
    mkdirSync(dropIn);
    try {
      cpSync(join(ROOT, 'scripts/systemd/proc.conf'), join(dropIn, 'proc.conf'));
      const { status, stdout, stderr } = tryCommand(['systemd-analyze', 'verify', unit]);
      assert.deepEqual({ status, said: (stdout + stderr).split('\n').filter((line) => /httplog|proc\.conf/.test(line)) }, { status: 0, said: [] });
      const report = command(['systemd-analyze', 'security', '--offline=true', '--no-pager', unit]);
      const [, exposure] = /Overall exposure level for \S+: ([0-9.]+)/.exec(report) ?? [];
      assert.ok(Number(exposure) < 3, report);
    } finally {
      rmSync(dropIn, { recursive: true });
    }
  });

  it('waits for the word that capture runs, and watches over it', () => {
    assert.deepEqual([values('Type'), values('NotifyAccess'), values('WatchdogSec')], [['notify'], ['main'], ['30']]);
  });

  it('lets nobody but this host read the metrics', () => {
    assert.deepEqual([values('IPAddressDeny'), values('IPAddressAllow')], [['any'], ['localhost']]);
  });

  it('leaves Node its compiler', () => {
    assert.deepEqual(values('MemoryDenyWriteExecute'), []);
  });

  it('does not start again what is configured wrongly', () => {
    assert.deepEqual(values('Restart'), ['on-failure']);
    assert.deepEqual(values('RestartPreventExitStatus'), ['2']);
  });

  it('starts again after a reload that came before there was a handler', () => {
    assert.deepEqual(values('RestartForceExitStatus'), ['SIGHUP']);
  });
});
