/** The words on a ticket, and the characters that its fonts contain. */

export type Language = 'fr' | 'en';

export const words: Record<Language, Record<'guest' | 'admission' | 'once', string>> = {
  fr: {
    guest: 'INVITÉ',
    admission: 'BILLET',
    once: "Valable pour une entrée. Présentez ce code, imprimé ou à l'écran, et ne le partagez pas.",
  },
  en: {
    guest: 'GUEST',
    admission: 'TICKET',
    once: 'Valid for one entry. Show this code, printed or on your screen, and do not share it.',
  },
};

/** French for readers of French, English for all others. */
export const languageOf = (locale: string): Language => (/^fr\b/i.test(locale) ? 'fr' : 'en');

// PDF's standard fonts write Windows-1252: ASCII, Latin-1 and these.
const WINDOWS_1252 = new Set('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');
const UNDECOMPOSED: Record<string, string> = {
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ı: 'i',
  ħ: 'h',
  Ħ: 'H',
  ŧ: 't',
  Ŧ: 'T',
};

const isWritable = (letter: string) => /^[\x20-\x7e\xa0-\xff]$/.test(letter) || WINDOWS_1252.has(letter);

/**
 * The text in characters that the standard fonts have: an accent that they lack is dropped (ő becomes o), every kind of
 * space becomes a plain one, and any remaining character of another script becomes a question mark.
 */
export function latin(text: string): string {
  return Array.from(text.normalize('NFC'), letter => {
    if (isWritable(letter)) return letter;
    if (/\s/u.test(letter)) return ' ';
    const plain = Array.from(
      letter.normalize('NFKD').replace(/\p{M}/gu, ''),
      part => UNDECOMPOSED[part] ?? part,
    );
    return plain.every(isWritable) ? plain.join('') : '?';
  }).join('');
}
