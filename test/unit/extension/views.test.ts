// SPDX-License-Identifier: MIT
import { visibleText } from '../../../core/model';
import assert from 'node:assert/strict';
import { decideReveal, type RevealQuestion } from '../../../extension/src/reveal';
import { statusText, statusTooltip } from '../../../extension/src/status/status-text';
import { pageHtml } from '../../../extension/src/webviews/html';

describe('whether a view comes to the front', () => {
  const ask = (question: Partial<RevealQuestion>): string => decideReveal({ view: 'results', origin: 'command', outcome: 'loaded', openAfterLoad: true, ...question });

  it('opens the results after a load that this window asked for', () => {
    for (const origin of ['command', 'debug', 'task'] as const) assert.equal(ask({ origin }), 'showBeside');
    assert.equal(ask({ origin: 'other' }), 'none');
  });

  it('obeys the setting', () => assert.equal(ask({ openAfterLoad: false }), 'none'));

  it('does not open the results for a load that failed before it ran', () => assert.equal(ask({ outcome: 'buildFailed' }), 'none'));

  it('shows the problems of a failed build, but not over the terminal of a task', () => {
    assert.equal(ask({ view: 'problems', outcome: 'buildFailed' }), 'showBeside');
    assert.equal(ask({ view: 'problems', outcome: 'buildFailed', origin: 'task' }), 'none');
    assert.equal(ask({ view: 'problems', outcome: 'failed' }), 'none');
    assert.equal(ask({ view: 'problems', outcome: 'loaded' }), 'none');
  });

  it('shows the kernel log when a command starts a load, not over a debug console or a task', () => {
    assert.equal(ask({ view: 'kernelLog', outcome: 'started' }), 'showBeside');
    assert.equal(ask({ view: 'kernelLog', outcome: 'started', origin: 'debug' }), 'none');
    assert.equal(ask({ view: 'kernelLog', outcome: 'loaded' }), 'none');
  });
});

describe('the status bar', () => {
  const box = { hostId: 'ssh:box', hostName: 'Test box', kernel: '6.12.3-arch', loaded: [], loading: [] };

  it('says by its name where the next load goes, and what is loaded there', () => {
    assert.equal(statusText({ ...box, kernel: null }), '$(server) Test box');
    assert.equal(statusText({ ...box, loaded: ['a', 'b', 'c'] }), '$(server) Test box 6.12 · 3 modules loaded');
    assert.equal(statusText({ hostId: 'guest:6.1-cloud', hostName: 'Guest 6.1-cloud', kernel: '6.1.0-56-cloud-amd64', loaded: ['device2'], loading: [] }), '$(server) Guest 6.1-cloud · device2 loaded');
    assert.equal(statusText({ ...box, loaded: ['a'], loading: ['b'] }), '$(server) Test box 6.12 · $(loading~spin) loading b · a loaded');
    assert.equal(statusText({ ...box, hostName: 'The machine under the desk of my colleague' }), '$(server) The machine under the desk… 6.12');
    assert.equal(statusText({ ...box, hostName: 'my $(bug) box', kernel: null }), '$(server) my $ (bug) box');
  });

  it('says how it is reached and its kernel besides', () => {
    assert.equal(statusTooltip(box), 'Modules are loaded on Test box (ssh:box, Linux 6.12.3-arch); no module loaded. Select to choose another host.');
  });
});

describe('a webview page', () => {
  const page = (): string => pageHtml({ cspSource: 'https://x.example', script: 's.js', style: 'a"b.css', title: '<T>' });

  it('lets nothing in but the script with its nonce and the style sheet', () => {
    const policy = /content="([^"]*)"/.exec(page())?.[1] ?? '';
    assert.match(policy, /^default-src 'none'; base-uri 'none'; form-action 'none'; style-src https:\/\/x\.example; script-src 'nonce-[\w-]{22}'$/);
    assert.doesNotMatch(page(), /unsafe|style="|<style|javascript:/);
  });

  it('uses a new nonce each time, the one that its script carries', () => {
    const nonces = [page(), page()].map((html) => [...html.matchAll(/nonce[-="]+([\w-]{22})/g)].map((found) => found[1]));
    for (const pair of nonces) assert.equal(new Set(pair).size, 1);
    assert.notEqual(nonces[0]?.[0], nonces[1]?.[0]);
  });

  it('escapes what it is given', () => {
    assert.ok(page().includes('href="a&quot;b.css"'));
    assert.ok(page().includes('<title>&lt;T&gt;</title>'));
  });
});

describe('visible text', () => {
  it('replaces what a reader could not see, and nothing else', () => {
    assert.equal(visibleText('a\tb\nc é 漢 \u0000\u0007\u200b\u2066'), 'a\tb\nc é 漢 \\x00\\x07\\u200b\\u2066');
  });
});
