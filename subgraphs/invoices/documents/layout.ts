/** The A4 layout of invoices and credit notes, drawn from the content alone: equal content gives equal bytes. */
import PDFDocument from 'pdfkit';
import type { Contact } from '../issue/invoice.entity.ts';
import type { TaxLine } from '../issue/taxes.ts';
import type { Seller } from '../settings.ts';
import { formatsFor, type Labels, labelsFor, printable } from './labels.ts';

/** Everything that is printed; amounts in minor units. It cannot change once the document has its number. */
export interface DocumentContent {
  kind: 'invoice' | 'credit-note';
  locale: string;
  number: string;
  issuedAt: Date;
  seller: Seller;
  contact: Contact;
  orderNumber: string;
  /** The invoice that a credit note corrects. */
  corrects: { number: string; issuedAt: Date } | null;
  reason: string | null;
  dueAt: Date | null;
  paidAt: Date | null;
  currency: string;
  kinds: ('ADMISSION' | 'MERCHANDISE')[];
  /** A line without a description is the share of a refund at one tax rate. */
  lines: { description: string | null; quantity: number; taxRate: number; total: number; tax: number }[];
  taxLines: TaxLine[];
  subtotal: number;
  tax: number;
  total: number;
}

const INK = '#1f2430';
const SOFT = '#6b7280';
const RULE = '#d9dce3';
const ACCENT = '#4338ca';
const PAID = '#15803d';
const LEFT = 50;
const RIGHT = 545;
const WIDTH = RIGHT - LEFT;
/** The footer of the page begins below this, in points. */
const BOTTOM = 740;

type Pdf = InstanceType<typeof PDFDocument>;
interface Sheet {
  pdf: Pdf;
  content: DocumentContent;
  words: Labels;
  format: ReturnType<typeof formatsFor>;
}
interface Style {
  size?: number;
  bold?: boolean;
  color?: string;
  width?: number;
  align?: 'left' | 'right' | 'center';
}

export async function drawDocument(content: DocumentContent): Promise<Buffer<ArrayBuffer>> {
  const words = labelsFor(content.locale);
  const pdf = new PDFDocument({
    size: 'A4',
    margin: 0,
    bufferPages: true,
    lang: words.locale,
    displayTitle: true,
    info: {
      Title: `${words[content.kind]} ${content.number}`,
      Author: content.seller.name,
      Creator: 'Guichet',
      Producer: 'Guichet',
      // The file's identifier is made from these dates, so that it does not depend on the machine's clock.
      CreationDate: content.issuedAt,
      ModDate: content.issuedAt,
    },
  });
  const chunks: Buffer[] = [];
  pdf.on('data', chunk => chunks.push(chunk));
  const ended = new Promise(resolve => pdf.once('end', resolve));

  const sheet = { pdf, content, words, format: formatsFor(words, content.currency) };
  let y = drawHead(sheet);
  y = drawLines(sheet, y);
  drawTotals(sheet, y);
  drawFeet(sheet);
  pdf.end();
  await ended;
  return Buffer.concat(chunks);
}

/** Writes text at a position. Returns the vertical position of the next line. */
function write({ pdf }: Sheet, text: string, x: number, y: number, style: Style = {}): number {
  const { size = 9, bold = false, color = INK, width = RIGHT - x, align = 'left' } = style;
  pdf
    .font(bold ? 'Helvetica-Bold' : 'Helvetica')
    .fontSize(size)
    .fillColor(color);
  pdf.text(printable(text), x, y, { width, align, lineGap: 2 });
  return pdf.y;
}

function drawHead(sheet: Sheet): number {
  const { pdf, content, words, format } = sheet;
  const { seller, contact, corrects } = content;
  pdf.rect(0, 0, 596, 8).fill(ACCENT);
  let left = write(sheet, seller.name, LEFT, 44, { size: 15, bold: true, width: 270 });
  left = write(sheet, seller.address, LEFT, left + 4, { color: SOFT, width: 270 });
  const registration = words.registration(seller.registration, seller.vatNumber);
  left = write(sheet, registration, LEFT, left + 2, { color: SOFT, size: 8, width: 270 });

  let right = write(sheet, words[content.kind].toUpperCase(), 330, 42, {
    size: 22,
    bold: true,
    color: ACCENT,
    align: 'right',
  });
  right += 6;
  for (const [label, value] of [
    [words.number, content.number],
    [words.date, format.date(content.issuedAt)],
    [words.order, content.orderNumber],
    ...(content.dueAt ? [[words.due, format.date(content.dueAt)]] : []),
  ] as [string, string][]) {
    write(sheet, label, 330, right, { color: SOFT, width: 85 });
    right = write(sheet, value, 415, right, { bold: true, align: 'right' }) + 2;
  }

  let y = Math.max(left, right) + 24;
  y = write(sheet, words.billedTo.toUpperCase(), 330, y, { size: 7.5, bold: true, color: SOFT });
  y = write(sheet, contact.displayName, 330, y + 2, { size: 11, bold: true });
  y = write(sheet, contact.email, 330, y, { color: SOFT });
  if (corrects) {
    const text = words.corrects(corrects.number, format.date(corrects.issuedAt));
    y = write(sheet, text, LEFT, y + 16, { bold: true });
  }
  if (content.reason) y = write(sheet, words.reason(content.reason), LEFT, y + 4, { color: SOFT });
  return y + 24;
}

type Column = { x: number; width: number; align: 'left' | 'right' };
const COLUMNS: Column[] = [
  { x: LEFT + 8, width: 182, align: 'left' },
  { x: 245, width: 30, align: 'right' },
  { x: 280, width: 75, align: 'right' },
  { x: 360, width: 40, align: 'right' },
  { x: 405, width: 62, align: 'right' },
  { x: 472, width: 65, align: 'right' },
];

function writeRow(sheet: Sheet, cells: string[], columns: Column[], y: number, style: Style = {}): number {
  return Math.max(
    ...cells.map((cell, index) => {
      const { x, width, align } = columns[index]!;
      return write(sheet, cell, x, y, { ...style, width, align });
    }),
  );
}

function drawLines(sheet: Sheet, start: number): number {
  const { pdf, content, words, format } = sheet;
  const head = (y: number) => {
    const cells = [words.description, words.quantity, words.unitPrice, words.rate, words.net, words.gross];
    pdf.rect(LEFT, y, WIDTH, 22).fill(INK);
    return writeRow(sheet, cells, COLUMNS, y + 7, { size: 8, bold: true, color: '#ffffff' }) + 9;
  };
  let y = head(start);
  for (const line of content.lines) {
    const description = line.description ?? words.refund(content.orderNumber);
    pdf.font('Helvetica').fontSize(9);
    const height = pdf.heightOfString(printable(description), { width: COLUMNS[0]!.width, lineGap: 2 });
    if (y + height > BOTTOM) {
      pdf.addPage();
      y = head(50);
    }
    const net = line.total - line.tax;
    const cells = [
      description,
      String(line.quantity),
      format.money(Math.round(net / line.quantity)),
      format.rate(line.taxRate),
      format.money(net),
      format.money(line.total),
    ];
    y = writeRow(sheet, cells, COLUMNS, y) + 5;
    pdf.moveTo(LEFT, y).lineTo(RIGHT, y).lineWidth(0.5).strokeColor(RULE).stroke();
    y += 7;
  }
  return y + 12;
}

const TAX_COLUMNS: Column[] = [
  { x: LEFT + 8, width: 50, align: 'left' },
  { x: 110, width: 85, align: 'right' },
  { x: 200, width: 85, align: 'right' },
];

function drawTotals(sheet: Sheet, start: number): void {
  const { pdf, content, words, format } = sheet;
  let top = start;
  if (top + 40 + 18 * Math.max(content.taxLines.length, 4) > BOTTOM) {
    pdf.addPage();
    top = 50;
  }
  let left = writeRow(sheet, [words.rate, words.base, words.taxAmount], TAX_COLUMNS, top, {
    size: 8,
    bold: true,
    color: SOFT,
  });
  for (const { rate, base, tax } of content.taxLines) {
    const cells = [format.rate(rate), format.money(base), format.money(tax)];
    left = writeRow(sheet, cells, TAX_COLUMNS, left + 4);
  }

  let right = top;
  for (const [label, value] of [
    [words.net, content.subtotal],
    [words.taxAmount, content.tax],
  ] as [string, number][]) {
    write(sheet, label, 330, right, { color: SOFT, width: 120 });
    right = write(sheet, format.money(value), 440, right, { align: 'right', width: 97 }) + 4;
  }
  pdf.roundedRect(322, right + 2, RIGHT - 322, 30, 4).fill(ACCENT);
  const label = content.kind === 'invoice' ? words.totalInvoice : words.totalCredit;
  write(sheet, label, 332, right + 12, { bold: true, color: '#ffffff', width: 120 });
  write(sheet, format.money(content.total), 440, right + 10, {
    size: 13,
    bold: true,
    color: '#ffffff',
    align: 'right',
    width: 97,
  });
  if (!content.paidAt) return;
  const paid = words.paid(format.date(content.paidAt));
  pdf
    .roundedRect(322, right + 44, RIGHT - 322, 24, 4)
    .lineWidth(1)
    .strokeColor(PAID)
    .stroke();
  write(sheet, paid, 322, right + 52, { bold: true, color: PAID, align: 'center' });
}

function drawFeet(sheet: Sheet): void {
  const { pdf, content, words } = sheet;
  const { start, count } = pdf.bufferedPageRange();
  const [only] = content.kinds;
  const operations = only && words.operations[content.kinds.length > 1 ? 'both' : only];
  const legal = [operations, words.taxPoint, content.dueAt && words.terms].filter(Boolean).join(' ');
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(start + page);
    pdf.moveTo(LEFT, 765).lineTo(RIGHT, 765).lineWidth(0.5).strokeColor(RULE).stroke();
    write(sheet, legal, LEFT, 772, { size: 7.5, color: SOFT, width: 420 });
    write(sheet, words.page(page + 1, count), 480, 772, { size: 7.5, color: SOFT, align: 'right' });
  }
}
