import { byOperation, type Figures, medianOf, ratioOf } from './report.ts';

const WIDTH = 900;
const NAMES = 300;
const BARS = 440;
const ROW = 24;
const GAP = 46;

/** Requests per second as bars, one group per operation, each with its own scale. */
export function drawPicture(figures: readonly Figures[]): string {
  const parts: string[] = [];
  let y = 10;
  for (const [operation, group] of byOperation(figures)) {
    const most = Math.max(...group.map(one => medianOf(one.rounds, 'perSecond')));
    parts.push(
      `<text x="10" y="${y + 18}" class="title">${operation}: requests per second on one core</text>`,
    );
    y += 28;
    for (const one of group) {
      const perSecond = medianOf(one.rounds, 'perSecond');
      const length = Math.max(1, (perSecond / most) * BARS);
      const kind = one.gateway === 'Guichet' ? 'ours' : 'peer';
      parts.push(
        `<text x="${NAMES - 8}" y="${y + 16}" text-anchor="end">${one.gateway}</text>`,
        `<rect x="${NAMES}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 6}" class="${kind}"/>`,
        `<text x="${(NAMES + length + 6).toFixed(1)}" y="${y + 16}">${perSecond.toFixed(0)}  (×${ratioOf(one, group).toFixed(1)})</text>`,
      );
      y += ROW;
    }
    y += GAP - ROW;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}">
<title>Requests per second of Federation gateways on one core</title>
<style>text{font:13px sans-serif;fill:#333}.title{font-weight:bold}.peer{fill:#b8c0cc}.ours{fill:#2a6fdb}</style>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}
