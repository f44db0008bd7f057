import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { COUNTER, COUNTERS } from '../../src/record/counters.js';
import { SOURCE } from '../../src/ring/source_board.js';
import { Health } from '../../src/telemetry/health.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { command } from '../support/command.js';
import { FakeRun, readSamples } from '../support/telemetry.js';

/** Behind the time in which askers share an answer. */
const FRESH_MS = 120;

function counters(row: Partial<Record<keyof typeof COUNTER, number>>): Float64Array {
  const vector = new Float64Array(COUNTERS);
  for (const [name, value] of Object.entries(row)) vector[COUNTER[name as keyof typeof COUNTER]] = value;
  return vector;
}

describe('telemetry: metrics', () => {
  let run: FakeRun;
  let metrics: Metrics;
  beforeEach(() => {
    run = new FakeRun(true);
    run.open(0, 'eth0');
    metrics = new Metrics(run.view, new Health(run.view, 0), '1.2.3');
  });
  const scrape = async (): Promise<Map<string, number>> => {
    await sleep(FRESH_MS);
    return readSamples(await metrics.render());
  };
  function board(row: number, numbers: Partial<Record<keyof typeof SOURCE, number>>): void {
    for (const [name, value] of Object.entries(numbers)) run.board.set(row, SOURCE[name as keyof typeof SOURCE], value);
  }

  it('say what the totals say, by interface and reason', async () => {
    board(0, { RECEIVED: 120, DROPPED: 5, HANDED: 110, PREFILTER: 3, INTERFACE_DROPPED: 4, BUFFER_FULL: 2 });
    run.totals.addBatch(0, counters({
      FRAMES: 100, PARSED: 59, LOST: 1, NOT_IP: 10, NOT_TCP: 9, OTHER_PORT: 8, FRAGMENT: 7, CUT_SHORT: 3, MALFORMED: 2, LINK_TYPE: 1,
      EMPTY: 20, NO_MESSAGE: 15, TLS: 4, HTTP2: 1, RECORDS: 25, TRUNCATED: 2, MALFORMED_MESSAGE: 1, EXCLUDED: 6, SAMPLED_OUT: 7,
    }));
    const samples = await scrape();
    const of = (name: string, labels = ''): number | undefined => samples.get(`httplog_${name}{interface="eth0"${labels}}`);
    assert.deepEqual(
      ['frames_received_total', 'frames_handed_over_total', 'frames_dropped_total', 'frames_parsed_total', 'frames_lost_total', 'frames_interface_dropped_total', 'buffer_full_total', 'interface_up'].map((name) => of(name)),
      [120, 113, 5, 59, 1, 4, 2, 1]);
    const reasons = ['not_ip', 'not_tcp', 'other_port', 'later_fragment', 'cut_short', 'malformed', 'link_type', 'prefilter'];
    assert.deepEqual(reasons.map((reason) => of('frames_skipped_total', `,reason="${reason}"`)), [10, 9, 8, 7, 3, 2, 1, 3]);
    assert.equal([...samples.keys()].filter((key) => key.startsWith('httplog_frames_skipped_total')).length, reasons.length);
    assert.deepEqual(['kernel', 'ring'].map((where) => of('frames_waiting', `,where="${where}"`)), [2, 10]);
    assert.deepEqual(['tls', 'http2', 'other'].map((protocol) => of('frames_no_message_total', `,protocol="${protocol}"`)), [4, 1, 10]);
    assert.deepEqual(['CQ', 'CR', 'SQ', 'SR'].map((kind) => of('records_total', `,kind="${kind}"`)), [25, 0, 0, 0]);
    assert.deepEqual(['rule', 'sample'].map((by) => of('records_left_out_total', `,by="${by}"`)), [6, 7]);
    assert.deepEqual([of('frames_empty_total'), of('records_truncated_total'), of('records_malformed_total')], [20, 2, 1]);
  });

  it('write latency is a histogram, and asking resets nothing', async () => {
    for (const seconds of [0.0001, 0.00011, 0.3, 60]) run.ledger.latency.observe(seconds);
    run.ledger.delivered(10);
    run.ledger.wrote(7, 700);
    run.ledger.discarded(1);
    run.workers.parsed(1, 250);
    run.messages.warn = 2;
    const expected: Readonly<Record<string, number>> = {
      'httplog_write_duration_seconds_bucket{le="0.0001"}': 1, 'httplog_write_duration_seconds_bucket{le="0.00025"}': 2,
      'httplog_write_duration_seconds_bucket{le="0.25"}': 2, 'httplog_write_duration_seconds_bucket{le="0.5"}': 3,
      'httplog_write_duration_seconds_bucket{le="10"}': 3, 'httplog_write_duration_seconds_bucket{le="+Inf"}': 4,
      httplog_write_duration_seconds_count: 4, httplog_lines_delivered_total: 10, httplog_lines_written_total: 7, httplog_lines_lost_total: 1,
      httplog_lines_waiting: 2, httplog_written_bytes_total: 700, 'httplog_worker_busy_seconds_total{worker="1"}': 0.25,
      'httplog_worker_batches_total{worker="1"}': 1, 'httplog_worker_batches_total{worker="0"}': 0, httplog_line_blocks: 2,
      httplog_line_blocks_in_use: 1, httplog_ring_slots: 8, 'httplog_messages_total{level="warn"}': 2, httplog_healthy: 0,
      [`httplog_build_info{version="1.2.3",node_version="${process.version}"}`]: 1,
    };
    for (let round = 0; round < 2; round++) {
      const samples = await scrape();
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map((key) => [key, samples.get(key)])), expected);
      assert.ok(Math.abs((samples.get('httplog_write_duration_seconds_sum') ?? 0) - 60.30021) < 1e-9);
    }
  });

  it('labels stay few while interfaces come and go, and no counter goes back', async () => {
    let before = new Map<string, number>();
    for (let life = 1; life <= 12; life++) {
      for (let row = 1; row <= 50; row++) {
        run.open(row, `veth${life}x${row}`);
        board(row, { RECEIVED: life * 10, HANDED: life * 10 });
        run.totals.addBatch(row, counters({ FRAMES: 10, PARSED: 10 }));
        board(row, { OPEN: 0 });
        run.totals.closed(row);
      }
      const samples = await scrape();
      const gone = [...samples.keys()].filter((key) => key.includes('interface="/gone"'));
      for (const key of gone.filter((name) => name.includes('_total'))) assert.ok((samples.get(key) ?? 0) >= (before.get(key) ?? 0), key);
      assert.equal(samples.get('httplog_frames_parsed_total{interface="/gone"}'), life * 500);
      assert.ok([...samples.keys()].every((key) => !key.includes('veth')));
      before = samples;
    }
    run.open(1, 'veth12x1');
    const samples = await scrape();
    assert.equal(samples.get('httplog_frames_parsed_total{interface="veth12x1"}'), 0);
    assert.equal(samples.get('httplog_frames_parsed_total{interface="/gone"}'), 6000);
  });

  it('what the kernel takes back from the prefilter does not make its counter go back', async () => {
    board(0, { RECEIVED: 10, HANDED: 0, PREFILTER: 10 });
    assert.equal((await scrape()).get('httplog_frames_skipped_total{interface="eth0",reason="prefilter"}'), 10);
    board(0, { RECEIVED: 10, HANDED: 6, PREFILTER: 4 });
    const samples = await scrape();
    assert.equal(samples.get('httplog_frames_skipped_total{interface="eth0",reason="prefilter"}'), 10);
    assert.equal(samples.get('httplog_frames_received_total{interface="eth0"}'), 10);
  });

  it('names from outside cannot forge a sample', async () => {
    run.open(1, 'a"} 1\nforged{x="');
    const text = await metrics.render();
    assert.doesNotMatch(text, /^forged/m);
    assert.match(text, /^httplog_interface_up\{interface="a\\"\} 1\\\\x0aforged\{x=\\""\} 1$/m);
  });

  it('say what the kernel says of the process', async () => {
    const samples = await scrape();
    assert.ok(Math.abs((samples.get('process_start_time_seconds') ?? 0) - (Date.now() / 1000 - process.uptime())) < 5);
    assert.ok(Math.abs((samples.get('process_resident_memory_bytes') ?? 0) / process.memoryUsage.rss() - 1) < 0.3);
    for (const name of ['process_cpu_seconds_total', 'process_virtual_memory_bytes', 'process_threads', 'process_open_fds', 'process_max_fds', 'nodejs_heap_size_used_bytes']) {
      assert.ok((samples.get(name) ?? 0) > 0, name);
    }
  });

  it('promtool has no complaint', async () => {
    assert.equal(command(['promtool', 'check', 'metrics'], await metrics.render()), '');
  });
});
