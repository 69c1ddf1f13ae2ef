/** The labels and number formats of documents, in French and in English. */
import { TIME_ZONE } from '../issue/numbering.ts';

const french = {
  locale: 'fr-FR',
  invoice: 'Facture',
  'credit-note': 'Avoir',
  billedTo: 'Client',
  number: 'Numéro',
  date: 'Date d’émission',
  order: 'Commande',
  due: 'Échéance',
  corrects: (number: string, date: string) => `Rectifie la facture ${number} du ${date}`,
  reason: (text: string) => `Motif : ${text}`,
  description: 'Désignation',
  quantity: 'Qté',
  unitPrice: 'P.U. HT',
  rate: 'TVA',
  net: 'Total HT',
  gross: 'Total TTC',
  base: 'Base HT',
  taxAmount: 'Montant TVA',
  totalInvoice: 'Total TTC',
  totalCredit: 'Total de l’avoir TTC',
  refund: (order: string) => `Remboursement, commande ${order}`,
  paid: (date: string) => `Acquittée le ${date}`,
  page: (page: number, pages: number) => `Page ${page} / ${pages}`,
  registration: (siren: string, vat: string) => `SIREN ${siren} · TVA intracommunautaire ${vat}`,
  operations: {
    ADMISSION: 'Catégorie de l’opération : prestations de services.',
    MERCHANDISE: 'Catégorie de l’opération : livraisons de biens.',
    both: 'Catégorie de l’opération : livraisons de biens et prestations de services.',
  },
  taxPoint: 'TVA acquittée sur les débits.',
  terms:
    'Pas d’escompte pour paiement anticipé. En cas de retard de paiement, pénalités au taux de trois fois ' +
    'l’intérêt légal et, pour les professionnels, indemnité forfaitaire de recouvrement de 40 € ' +
    '(art. L441-10 et D441-5 du code de commerce).',
};
export type Labels = typeof french;

const english: Labels = {
  locale: 'en-GB',
  invoice: 'Invoice',
  'credit-note': 'Credit note',
  billedTo: 'Billed to',
  number: 'Number',
  date: 'Date of issue',
  order: 'Order',
  due: 'Due',
  corrects: (number, date) => `Corrects invoice ${number} of ${date}`,
  reason: text => `Reason: ${text}`,
  description: 'Description',
  quantity: 'Qty',
  unitPrice: 'Unit price excl. VAT',
  rate: 'VAT',
  net: 'Excl. VAT',
  gross: 'Incl. VAT',
  base: 'Taxable amount',
  taxAmount: 'VAT amount',
  totalInvoice: 'Total incl. VAT',
  totalCredit: 'Total credited incl. VAT',
  refund: order => `Refund, order ${order}`,
  paid: date => `Paid on ${date}`,
  page: (page, pages) => `Page ${page} of ${pages}`,
  registration: (siren, vat) => `SIREN ${siren} · VAT ${vat}`,
  operations: {
    ADMISSION: 'Nature of the transaction: supply of services.',
    MERCHANDISE: 'Nature of the transaction: supply of goods.',
    both: 'Nature of the transaction: supply of goods and services.',
  },
  taxPoint: 'VAT accounted for on invoicing (TVA acquittée sur les débits).',
  terms:
    'No discount for early payment. Late payment: penalties at three times the French legal interest rate and, ' +
    'for businesses, a recovery charge of €40 (code de commerce, art. L441-10 and D441-5).',
};

/** The French labels for every French locale, the English labels for all others. */
export const labelsFor = (locale: string): Labels => (/^fr\b/i.test(locale) ? french : english);

/** Formats minor units, dates in the seller's time zone, and rates. */
export function formatsFor({ locale }: Labels, currency: string) {
  const amount = new Intl.NumberFormat(locale, { style: 'currency', currency });
  const perUnit = 10 ** amount.resolvedOptions().maximumFractionDigits!;
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 });
  const date = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: TIME_ZONE });
  return {
    money: (minorUnits: number) => amount.format(minorUnits / perUnit),
    rate: (rate: number) => percent.format(rate),
    date: (at: Date) => date.format(at),
  };
}

// The characters that Windows-1252 has in addition to Latin-1. The standard fonts of PDF support no others.
const EXTRAS = new Set('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');
// Letters that Unicode does not decompose into a base letter and an accent.
const LETTERS: Record<string, string> = { Ł: 'L', ł: 'l', Đ: 'D', đ: 'd', ı: 'i' };
const known = (character: string) => /[\x20-\x7e\xa0-\xff]/.test(character) || EXTRAS.has(character);

/** The text as the standard fonts can show it: plain spaces, no unsupported accents, and `?` for all the rest. */
export function printable(text: string): string {
  return [...text.normalize('NFC')]
    .map(character => {
      if (known(character)) return character;
      if (/\s/.test(character)) return character === '\n' ? '\n' : ' ';
      if (/\p{C}/u.test(character)) return '';
      const plain = LETTERS[character] ?? character.normalize('NFKD').replace(/\p{M}/gu, '');
      return plain && [...plain].every(known) ? plain : '?';
    })
    .join('');
}
