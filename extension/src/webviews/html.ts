// SPDX-License-Identifier: MIT
import crypto from 'node:crypto';

export interface PageSources {
  /** `webview.cspSource` */
  readonly cspSource: string;
  readonly script: string;
  readonly style: string;
  readonly title: string;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The page of a webview: nothing loads but our script (by nonce) and our style sheet. */
export function pageHtml(sources: PageSources): string {
  const nonce = crypto.randomBytes(16).toString('base64url');
  const policy = `default-src 'none'; base-uri 'none'; form-action 'none'; style-src ${sources.cspSource}; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${attribute(sources.style)}">
<title>${attribute(sources.title)}</title>
</head>
<body>
<main id="app"></main>
<div id="live" class="sr-only" role="status" aria-live="polite"></div>
<script nonce="${nonce}" src="${attribute(sources.script)}"></script>
</body>
</html>
`;
}
