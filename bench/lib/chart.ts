// A bar chart as SVG: plain text a browser or a forge draws, in the colours of the reader's light or dark page.

const WIDTH = 760;
const LABEL_WIDTH = 270;
const VALUE_WIDTH = 110;
const ROW_HEIGHT = 30;
const BAR_HEIGHT = 18;
const TOP = 58;
const BOTTOM = 14;
/** Longer bars are cut, and show it: one peer that takes fifty times as long would make all others a hairline. */
const LONGEST = 6;

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 15px; font-weight: 600 } .note { fill: #59636e; font-size: 12px }
    .own { fill: #0969da } .peer { fill: #818b98 } .cut { stroke: #ffffff; stroke-width: 3 }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 } .note { fill: #9198a1 } .own { fill: #4493f8 } .peer { fill: #656c76 } .cut { stroke: #0d1117 }
    }`;

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** drawn in the accent colour */
  readonly own: boolean;
}

/** @param unit stands behind every value, such as ` ×` */
export function barChart(title: string, note: string, bars: readonly Bar[], unit: string): string {
  const longest = Math.min(LONGEST, Math.max(...bars.map(({ value }) => value)));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / longest;
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `  <style>${STYLE}\n  </style>`,
    `  <text class="title" x="0" y="18">${escaped(title)}</text>`,
    `  <text class="note" x="0" y="38">${escaped(note)}</text>`,
    ...bars.flatMap((bar, index) => drawBar(bar, TOP + index * ROW_HEIGHT, scale, unit)),
    '</svg>',
    '',
  ].join('\n');
}

function drawBar({ label, value, own }: Bar, y: number, scale: number, unit: string): string[] {
  const isCut = value > LONGEST;
  const length = Math.max(1, Math.min(value, LONGEST) * scale);
  const end = LABEL_WIDTH + length;
  const middle = y + BAR_HEIGHT / 2 + 4.5;
  const drawn = [
    `  <text x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
    `  <rect class="${own ? 'own' : 'peer'}" x="${LABEL_WIDTH}" y="${y}" width="${length.toFixed(1)}" height="${BAR_HEIGHT}" rx="2"/>`,
  ];
  if (isCut) {
    const at = end - 24;
    drawn.push(`  <path class="cut" d="M${at} ${y + BAR_HEIGHT + 2} l8 -${BAR_HEIGHT + 4} m6 0 l-8 ${BAR_HEIGHT + 4}"/>`);
  }
  const digits = value < 10 ? 2 : 0;
  drawn.push(`  <text x="${(end + 8).toFixed(1)}" y="${middle}">${value.toFixed(digits)}${escaped(unit)}${isCut ? ' (bar cut)' : ''}</text>`);
  return drawn;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
