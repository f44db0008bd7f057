// The metrics of a capture in Prometheus's text format. Everything is read from the totals when it is asked for; asking resets nothing.

import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { LOG_LEVELS } from '../config/values.js';
import { escapeUnprintable } from '../config/usage_error.js';
import { LATENCY_BOUNDS_S, type LatencyHistogram } from '../log/latency_histogram.js';
import type { OwnerReporter } from '../ring/owner_report.js';
import type { SourceReport } from '../ring/source_numbers.js';
import { WORKER } from '../ring/worker_board.js';
import { GONE, INTERFACE_FAMILIES, OWNER_FAMILIES, type InterfaceFamily } from './families.js';
import type { Health } from './health.js';
import { registerProcessMetrics } from './process_metrics.js';
import type { TelemetryView } from './view.js';

/** Askers within this time get the same answer: nobody can keep us busy with it. */
const FRESH_MS = 100;

type Labels = Readonly<Record<string, string | number>>;
type Put = (value: number, labels?: Labels) => void;

export class Metrics {
  private readonly registry = new Registry();
  private readonly floor = new Floor();
  /** as they stood when this scrape began: the equations hold in it */
  private sources: readonly SourceReport[] = [];
  private rendered: Promise<string> | undefined;
  private renderedMs = -Infinity;

  constructor(private readonly view: TelemetryView, private readonly health: Health, version: string) {
    for (const family of INTERFACE_FAMILIES) this.registerFamily(family);
    this.registerWriting();
    this.registerStages();
    if (view.owners !== undefined) this.registerOwners(view.owners);
    this.gauge('httplog_build_info', 'Always 1; what runs is in the labels.', ['version', 'node_version'], (put) => {
      put(1, { version, node_version: process.version });
    });
    registerProcessMetrics(this.registry);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The metrics as text. */
  async render(): Promise<string> {
    const now = performance.now();
    if (this.rendered === undefined || now - this.renderedMs >= FRESH_MS) {
      this.renderedMs = now;
      this.sources = this.view.sources();
      this.floor.begin();
      this.rendered = this.registry.metrics();
    }
    return this.rendered;
  }

  private registerFamily({ type, name, help, labels, read }: InterfaceFamily): void {
    const names = ['interface', ...labels];
    const collect = (put: Put): void => {
      for (const source of this.sources) {
        const shown = source.name === undefined ? GONE : escapeUnprintable(source.name);
        read(source, (value, more = {}) => {
          const key = [name, source.opening, shown, ...Object.values(more)].join(' ');
          put(type === 'counter' ? this.floor.raise(key, value) : value, { interface: shown, ...more });
        });
      }
    };
    if (type === 'counter') this.counter(name, help, names, collect);
    else this.gauge(name, help, names, collect);
  }

  private registerWriting(): void {
    const { ledger } = this.view;
    const sum = (name: string, help: string, value: () => number): void => this.counter(name, help, [], (put) => put(value()));
    sum('httplog_lines_delivered_total', 'Lines that reached the log writer: written, lost, and those waiting.', () => ledger.linesDelivered);
    sum('httplog_lines_written_total', 'Lines whole in their file or output.', () => ledger.linesWritten);
    sum('httplog_lines_lost_total', 'Lines that could not be written: lost.', () => ledger.linesLost);
    sum('httplog_lines_held_back_total', 'Of the lost lines, those not written for want of room (-min_free, -max_disk).', () => ledger.linesHeldBack);
    sum('httplog_lines_mended_total', 'Incomplete last lines that were closed with a newline.', () => ledger.linesMended);
    sum('httplog_written_bytes_total', 'Bytes of the lines written.', () => ledger.bytesWritten);
    sum('httplog_write_errors_total', 'Operations on log files that failed.', () => ledger.writeErrors);
    this.gauge('httplog_lines_waiting', 'Lines that reached the log writer and are neither written nor lost yet.', [], (put) => {
      put(ledger.linesDelivered - ledger.linesWritten - ledger.linesLost);
    });
    this.registry.registerMetric(latencyMetric(ledger.latency));
  }

  private registerStages(): void {
    const { ring, blocks, workers, messages } = this.view;
    this.gauge('httplog_ring_slots', 'Slots of the batch ring between capture and parsing.', [], (put) => put(ring.slots));
    this.gauge('httplog_ring_slots_in_use', 'Slots with a batch that waits or is being parsed.', [], (put) => put(ring.slotsInUse));
    this.gauge('httplog_line_blocks', 'Line blocks between parsing and the log writer.', [], (put) => put(blocks.length));
    this.gauge('httplog_line_blocks_in_use', 'Line blocks that wait for the log writer.', [], (put) => {
      put(blocks.reduce((full, block) => full + (block.isFree ? 0 : 1), 0));
    });
    const byWorker = (number: number, unit: number) => (put: Put): void => {
      for (let worker = 0; worker < workers.workers; worker++) put(workers.get(worker, number) * unit, { worker });
    };
    this.counter('httplog_worker_busy_seconds_total', 'Time a parsing worker had a batch in hand; its rate is the utilisation.', ['worker'],
      byWorker(WORKER.BUSY_MS, 1e-3));
    this.counter('httplog_worker_batches_total', 'Batches a parsing worker has dealt with.', ['worker'], byWorker(WORKER.BATCHES, 1));
    this.gauge('httplog_healthy', '1 while /healthz answers 200.', [], (put) => put(this.health.verdict.healthy ? 1 : 0));
    this.counter('httplog_messages_total', 'Messages on standard error by level.', ['level'], (put) => {
      for (const level of LOG_LEVELS) put(messages[level], { level });
    });
    this.counter('httplog_messages_suppressed_total', 'Messages kept back by the limit of ten of a kind a minute, or because nobody read them.', [], (put) => put(messages.suppressed));
  }

  private registerOwners(owners: Pick<OwnerReporter, 'report'>): void {
    for (const family of OWNER_FAMILIES) this.registerFamily(family);
    this.counter('httplog_process_lookups_total', 'Ends of connections that were looked up, by result.', ['result'], (put) => {
      const { found, elsewhere, unknown, noRoom, again } = owners.report();
      for (const [result, count] of found) put(count, { result });
      for (const [result, count] of Object.entries({ elsewhere, unknown, no_room: noRoom, again })) put(count, { result });
    });
    this.gauge('httplog_process_lookups_under_way', 'Ends of connections that are being looked up.', [], (put) => put(owners.report().underWay));
    this.counter('httplog_process_asks_total', 'Records that asked for their process, by what became of the question.', ['result'], (put) => {
      const { taken, refused } = owners.report();
      for (const [result, count] of Object.entries({ taken, refused })) put(count, { result });
    });
    this.counter('httplog_process_evictions_total', 'Known connections that left the table for others.', [], (put) => put(owners.report().evicted));
    this.counter('httplog_process_lost_total', 'What the kernel had no room to tell about connections and processes: lost.', ['what'], (put) => {
      const { traceRecords, processEvents, firstPackets } = owners.report().lost;
      for (const [what, count] of Object.entries({ trace_record: traceRecords, process_event: processEvents, first_packet: firstPackets })) put(count, { what });
    });
    this.gauge('httplog_process_thread_up', '1 while records can tell processes.', [], (put) => put(owners.report().isRunning ? 1 : 0));
    this.counter('httplog_process_thread_restarts_total', 'Threads that find processes, broken and replaced.', [], (put) => put(owners.report().restarts));
  }

  private gauge(name: string, help: string, labelNames: readonly string[], read: (put: Put) => void): void {
    new Gauge({ name, help, labelNames, registers: [this.registry], collect() {
      this.reset();
      if (labelNames.length === 0) read((value) => this.set(value));
      else read((value, labels = {}) => this.inc(labels, value)); // equal labels add up
    } });
  }

  private counter(name: string, help: string, labelNames: readonly string[], read: (put: Put) => void): void {
    new Counter({ name, help, labelNames, registers: [this.registry], collect() {
      this.reset();
      read((value, labels = {}) => this.inc(labels, value));
    } });
  }
}

/**
 * Counters must not go back, and a part of a sum may, for a moment: what counts as received before the filter is known for good only once
 * the kernel's buffer is empty.
 */
class Floor {
  private before = new Map<string, number>();
  private now = new Map<string, number>();

  /** A new scrape: series that the last one did not have are forgotten. */
  begin(): void {
    this.before = this.now;
    this.now = new Map();
  }

  raise(key: string, value: number): number {
    const raised = Math.max(value, this.before.get(key) ?? 0);
    this.now.set(key, raised);
    return raised;
  }
}

/** prom-client's own Histogram wants to observe by itself. */
function latencyMetric(histogram: LatencyHistogram): Metric {
  const name = 'httplog_write_duration_seconds';
  const head = { name, help: 'How long a write of the log writer took, a block of lines each.', type: 'histogram', aggregator: 'sum' };
  const get = async (): Promise<object> => {
    let count = 0;
    const values = [...LATENCY_BOUNDS_S, '+Inf'].map((le, bucket) => {
      count += histogram.counts[bucket];
      return { metricName: `${name}_bucket`, labels: { le }, value: count };
    });
    const rest = { sum: histogram.sumSeconds, count };
    return { ...head, values: [...values, ...Object.entries(rest).map(([what, value]) => ({ metricName: `${name}_${what}`, labels: {}, value }))] };
  };
  return { ...head, get } as unknown as Metric;
}
