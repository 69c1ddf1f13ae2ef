/** The mailbox as a web page: messages on the left, the chosen one on the right. It works without scripts. */
import type { Address, Message } from './store.ts';

const escapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe for HTML, attribute values included. */
export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, character => escapes[character]!);

/** A template whose values are escaped, unless another template made them. */
function html(parts: TemplateStringsArray, ...values: (string | number | Html | Html[])[]): Html {
  const rendered = values.map(value =>
    [value]
      .flat()
      .map(each => (each instanceof Html ? each.text : escapeHtml(String(each))))
      .join(''),
  );
  return new Html(String.raw({ raw: parts }, ...rendered));
}
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

const STYLE = new Html(`<style>
  :root { color-scheme: light dark; --line: light-dark(#ddd, #444); --soft: light-dark(#666, #aaa) }
  * { box-sizing: border-box }
  body { margin: 0; font: 15px/1.45 system-ui, sans-serif; display: grid; grid-template-columns: 22rem 1fr; height: 100vh }
  nav { border-right: 1px solid var(--line); overflow-y: auto }
  nav h1 { font-size: 1rem; margin: 0; padding: .8rem 1rem; border-bottom: 1px solid var(--line) }
  nav a { display: block; padding: .6rem 1rem; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none }
  nav a:hover, nav a[aria-current] { background: light-dark(#f2f5fa, #24282f) }
  .unread strong::before { content: "● "; color: #2563eb }
  small, dt { color: var(--soft) }
  nav strong, nav small { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  main { display: flex; flex-direction: column; min-width: 0; padding: 1rem 1.5rem; overflow: auto }
  h2 { margin: 0 0 .5rem } dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 0 1rem }
  dd { margin: 0 } iframe { flex: 1; min-height: 24rem; border: 1px solid var(--line); background: #fff }
  pre { white-space: pre-wrap; font: inherit }
  @media (max-width: 45rem) { body { display: block } nav { border: 0; max-height: 40vh } }
</style>`);

/** The whole page; lists newest first. */
export function renderPage(messages: Message[], chosen: Message | null): string {
  const entries = messages.toReversed().map(
    message => html`<a href="/?id=${message.id}" class="${message.read ? '' : 'unread'}"${
      message === chosen ? new Html(' aria-current="page"') : ''
    }>
      <strong>${message.subject || '(no subject)'}</strong>
      <small>${people(message.to)}</small><small>${when(message.time)}</small></a>`,
  );
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Mailbox (${messages.length})</title>
<meta name="viewport" content="width=device-width">
${chosen ? '' : new Html('<meta http-equiv="refresh" content="3">')}
${STYLE}</head><body>
<nav><h1>Mailbox: ${messages.length} message(s)</h1>${entries}</nav>
<main>${chosen ? renderMessage(chosen) : html`<p>${messages.length ? 'Choose a message.' : 'No mail yet. This page looks again every 3 seconds.'}</p>`}</main>
</body></html>`;
  return page.text;
}

function renderMessage(message: Message): Html {
  const files = message.attachments.map(
    ({ generatedFileName, fileName, size }) =>
      html`<a href="/api/email/${message.id}/attachment/${encodeURIComponent(generatedFileName)}">${fileName}</a> (${Math.ceil(size / 1024)} kB) `,
  );
  return html`<h2>${message.subject || '(no subject)'}</h2>
<dl><dt>From</dt><dd>${people(message.from)}</dd><dt>To</dt><dd>${people([...message.to, ...message.cc])}</dd>
<dt>Received</dt><dd>${when(message.time)}</dd>${files.length ? html`<dt>Attached</dt><dd>${files}</dd>` : ''}</dl>
${
  message.html
    ? html`<iframe sandbox="allow-popups allow-popups-to-escape-sandbox" title="Message" src="/api/email/${message.id}/html"></iframe>`
    : html`<pre>${message.text}</pre>`
}`;
}

const people = (list: Address[]) =>
  list.map(({ name, address }) => (name ? `${name} <${address}>` : address)).join(', ');
const when = (time: string) => `${time.slice(0, 19).replace('T', ' ')} UTC`;
