/** Draws a ticket: one A6 page, for phones and printers. The same ticket gives the same bytes. */
import PDFDocument from 'pdfkit';
import QRCode from 'qrcode';
import { type Language, languageOf, latin, words } from './words.ts';

/** All data that the page shows; it is plain data, because it is sent to another thread. */
export interface PrintedTicket {
  code: string;
  qrCode: string;
  guestName: string;
  productName: string;
  eventTitle: string;
  venue: string | null;
  startsAt: Date;
  /** IANA time zone name: the date is shown in the event's own time zone. */
  timezone: string;
  /** The buyer's language: fr or en; all others get English. */
  locale: string;
  issuedAt: Date;
}

const PAGE = { width: 298, height: 420 };
const MARGIN = 22;
const INNER = PAGE.width - 2 * MARGIN;
const HEADER = 128;
const QR_SIZE = 160;
const INK = '#1b1b3a';
const ACCENT = '#e4572e';
const MUTED = '#6b6b83';

type Page = InstanceType<typeof PDFDocument>;

/** The ticket as a PDF of one page. */
export function drawTicket(ticket: PrintedTicket): Promise<Buffer> {
  const language = languageOf(ticket.locale);
  const page = new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    lang: language,
    info: {
      Title: `${ticket.eventTitle} – ${ticket.code}`,
      Author: 'Guichet',
      // The document's id is derived from this date too; with the time of rendering, two copies would differ.
      CreationDate: ticket.issuedAt,
      ModDate: ticket.issuedAt,
    },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    page.on('data', chunk => chunks.push(chunk));
    page.on('end', () => resolve(Buffer.concat(chunks)));
    page.on('error', reject);
  });
  drawHeader(page, ticket, language);
  drawGuest(page, ticket, language);
  drawQrCode(page, ticket.qrCode, (PAGE.width - QR_SIZE) / 2, 193);
  drawFooter(page, ticket, language);
  page.end();
  return done;
}

function drawHeader(page: Page, ticket: PrintedTicket, language: Language) {
  page.rect(0, 0, PAGE.width, HEADER).fill(INK);
  page.rect(0, HEADER, PAGE.width, 4).fill(ACCENT);
  page.fillColor('white').font('Helvetica-Bold');
  writeFitting(page, latin(ticket.eventTitle), { y: 20, height: 52, largest: 20, smallest: 10 });
  page.font('Helvetica');
  writeFitting(page, latin(formatDate(ticket, language)), { y: 78, height: 14, largest: 11, smallest: 7 });
  if (ticket.venue) writeFitting(page, latin(ticket.venue), { y: 96, height: 26, largest: 11, smallest: 7 });
}

function drawGuest(page: Page, ticket: PrintedTicket, language: Language) {
  const { guest, admission } = words[language];
  const columns = [
    { label: guest, text: ticket.guestName, x: MARGIN, width: INNER * 0.58 },
    { label: admission, text: ticket.productName, x: MARGIN + INNER * 0.62, width: INNER * 0.38 },
  ];
  for (const { label, text, x, width } of columns) {
    page.fillColor(MUTED).font('Helvetica').fontSize(7).text(label, x, 144, { width, lineBreak: false });
    page.fillColor(INK).font('Helvetica-Bold');
    writeFitting(page, latin(text), { x, y: 155, width, height: 26, largest: 12, smallest: 7 });
  }
}

/** Drawn as shapes, not as an image: sharp at every size, and small. */
function drawQrCode(page: Page, text: string, x: number, y: number) {
  const { size, data } = QRCode.create(text, { errorCorrectionLevel: 'M' }).modules;
  const module = QR_SIZE / size;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let run = 0;
      while (column + run < size && data[row * size + column + run]) run++;
      if (run > 0) page.rect(x + column * module, y + row * module, run * module, module);
      column += run;
    }
  }
  page.fill('black');
}

function drawFooter(page: Page, ticket: PrintedTicket, language: Language) {
  const centered = { width: INNER, align: 'center' as const, lineBreak: false };
  page.fillColor(INK).font('Courier-Bold').fontSize(15).text(ticket.code, MARGIN, 366, centered);
  page
    .fillColor(MUTED)
    .font('Helvetica')
    .fontSize(7)
    .text(words[language].once, MARGIN, 390, { ...centered, lineBreak: true, height: 20 });
}

interface Box {
  x?: number;
  y: number;
  width?: number;
  height: number;
  largest: number;
  smallest: number;
}

/**
 * Writes the text in the largest size at which it fits; text that does not fit even in the smallest ends in an
 * ellipsis.
 */
function writeFitting(
  page: Page,
  text: string,
  { x = MARGIN, y, width = INNER, height, largest, smallest }: Box,
) {
  let size = largest;
  while (size > smallest && page.fontSize(size).heightOfString(text, { width }) > height) size--;
  page.fontSize(size).text(text, x, y, { width, height: height + 1, ellipsis: true });
}

function formatDate({ startsAt, timezone, locale }: PrintedTicket, language: Language): string {
  // A region of a supported language (fr-CA, en-GB) keeps its own date format; every other locale gets that of its
  // language.
  const regional = /^(fr|en)-[A-Z]{2}$/.test(locale) ? locale : language;
  return new Intl.DateTimeFormat(regional, {
    dateStyle: 'full',
    timeStyle: 'short',
    timeZone: timezone,
  }).format(startsAt);
}
