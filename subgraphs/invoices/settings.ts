import { portOf } from '#schema/subgraphs.ts';
import { publicUrlFault } from '#shared/kernel/production.ts';
import { type Environment, type Kinds, readSubgraphSettings } from '#shared/kernel/settings.ts';

/** Seller data is printed on every document, so production refuses the data of the demonstration company. */
const identity = (k: Kinds, development: string) =>
  k.own(development, value => (value === development ? "is the demonstration company's" : undefined));

/** Settings of the invoices subgraph. */
export function readInvoicesSettings(env: Environment) {
  return readSubgraphSettings('invoices', env, k => ({
    /** The base of the addresses of PDF files. */
    INVOICES_PUBLIC_URL: k
      .url(`http://localhost:${portOf('invoices')}`, publicUrlFault)
      .transform(url => url.replace(/\/$/, '')),
    SELLER_NAME: identity(k, 'Guichet Démo SAS'),
    /** Line breaks, or the two characters `\n`, separate the lines. */
    SELLER_ADDRESS: identity(k, '12 rue des Guichets\n75011 Paris\nFrance').transform(text =>
      text.replaceAll('\\n', '\n'),
    ),
    SELLER_VAT_NUMBER: identity(k, 'FR11123456782'),
    /** The SIREN: the French company registration number. */
    SELLER_REGISTRATION: identity(k, '123 456 782'),
  }));
}
export type InvoicesSettings = ReturnType<typeof readInvoicesSettings>;

/** The company that issues the documents, as printed on them. */
export interface Seller {
  name: string;
  address: string;
  vatNumber: string;
  registration: string;
}

export const sellerOf = (settings: InvoicesSettings): Seller => ({
  name: settings.SELLER_NAME,
  address: settings.SELLER_ADDRESS,
  vatNumber: settings.SELLER_VAT_NUMBER,
  registration: settings.SELLER_REGISTRATION,
});
