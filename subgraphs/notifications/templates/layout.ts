/**
 * The layout of every HTML email: one column, at most 600 px wide, readable without images and without style sheets.
 */
import { compileHtml } from './template.ts';

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

const layout = compileHtml(`<!doctype html>
<html lang="{{language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{subject}}</title>
</head>
<body style="margin:0;padding:0;background:#f2f2f5;${FONT}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f2f5"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border-radius:8px;color:#1c1c28">
<tr><td style="padding:24px 24px 0;font-size:14px;font-weight:bold;letter-spacing:.04em;color:#4b3fd6">GUICHET</td></tr>
<tr><td style="padding:8px 24px 24px;font-size:16px;line-height:1.5">
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{{subject}}</h1>
{{{content}}}
</td></tr>
</table>
</td></tr></table>
</body>
</html>
`);

/** The whole message; `content` is already HTML. */
export const frame = (view: { language: string; subject: string; content: string }): string => layout(view);

const paragraphs = compileHtml(
  '{{#each this}}<p style="margin:0 0 16px;white-space:pre-line">{{this}}</p>\n{{/each}}',
);

/** Plain text as HTML: each paragraph becomes a paragraph, and its line breaks are kept. */
export const textToHtml = (text: string): string => paragraphs(text.trim().split(/\n{2,}/));
