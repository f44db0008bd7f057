// The metrics of an httplog under watch, asked for as Prometheus does.

import { tryCommand } from '../support/command.js';
import { type End, inNamespace } from '../support/netns.js';

/** In a namespace of its own any port is free. */
export const METRICS_PORT = 9464;
const TIMEOUT_S = 5;

/** @returns what is wrong; undefined: it answers that it is well, and its numbers add up */
export function complaint(where: End): string | undefined {
  const health = ask(where, 'healthz');
  if (health.status !== 200) return `/healthz says ${health.status}: ${health.text.trim()}`;
  const metrics = ask(where, 'metrics');
  const sum = (name: string): number => {
    const values = [...metrics.text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
    return values.length === 0 ? NaN : values.reduce((total, [, value]) => total + Number(value), 0);
  };
  const [delivered, written, lost, waiting] = ['lines_delivered_total', 'lines_written_total', 'lines_lost_total', 'lines_waiting'].map((name) => sum(`httplog_${name}`));
  if (delivered !== written + lost + waiting) return `/metrics: ${delivered} lines delivered are not ${written} written + ${lost} lost + ${waiting} waiting`;
  const records = sum('httplog_records_total');
  // The lines of a batch are delivered before it is counted.
  return records > 0 && records <= delivered ? undefined : `/metrics: ${records} records, ${delivered} lines delivered`;
}

function ask(where: End, path: string): { readonly status: number; readonly text: string } {
  const { stdout } = tryCommand(inNamespace(where, ['curl', '-s', '-m', String(TIMEOUT_S), '-w', '\n%{http_code}', `http://127.0.0.1:${METRICS_PORT}/${path}`]));
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
}
