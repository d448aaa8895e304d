// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Diagnostic } from 'vscode-languageserver/node';
import { LspClient } from '../../support/lsp-client';
import { initOf } from '../analysis/helper';

const SOURCE = initOf('\tregs.si = (unsigned long)name;\n\trc = table[__NR_write](&regs);', 'static char name[8];\nextern unsigned long kallsyms_lookup_name(const char *name);\nstatic unsigned long used(void) { return kallsyms_lookup_name("x"); }\nunsigned long also(void) { return used(); }')[0]!.text;
const DYNAMIC = { dynamicRegistration: true };
const brief = (diagnostics: readonly Diagnostic[]): string[] => diagnostics.map(({ code, severity }) => `${String(code)} ${String(severity)}`).filter((text) => /^(?:kernel-buffer|unexported|unused|invalid)/.test(text)).toSorted();

describe('what the language server goes by', () => {
  let client: LspClient;
  let root: string;
  let source: string;
  beforeEach(() => {
    client = new LspClient();
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab läb %20 '));
    fs.mkdirSync(path.join(root, '.git'));
    fs.mkdirSync(path.join(root, 'driver'));
    source = path.join(root, 'driver', 'sample.c');
    fs.writeFileSync(source, SOURCE);
  });
  afterEach(async () => {
    assert.equal(await client.stop(), 0);
    fs.rmSync(root, { recursive: true });
  });

  const changed = (...files: string[]): Promise<void> => client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes: files.map((file) => ({ uri: pathToFileURL(file).toString(), type: 2 })) });
  const settings = (kmodlab: object): Promise<void> => client.connection.sendNotification('workspace/didChangeConfiguration', { settings: { kmodlab } });

  it('takes settings that the client sends, and changes with them', async () => {
    await client.initialize({});
    await client.open(source);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1', 'unexported-symbol 1']);
    await settings({ rules: { 'kernel-buffer': 'hint', 'unexported-symbol': 'off', 'no-such-rule': 'off', 'unset-register': 7 }, analysis: 'nonsense' });
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 4']);
    await settings({ analysis: { targetKernel: '5.4' } });
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1']);
  });

  it('asks a client that can be asked, for each document', async () => {
    const asked = client.asked<{ items: { scopeUri: string; section: string }[] }>('workspace/configuration', () => [{ rules: { 'kernel-buffer': 'off' } }]);
    await client.initialize({ workspace: { configuration: true, didChangeConfiguration: DYNAMIC } }); // and refuses to register
    await client.open(source);
    assert.deepEqual(brief(await client.pushed(source)), ['unexported-symbol 1']);
    assert.deepEqual((await asked).items, [{ scopeUri: pathToFileURL(source).toString(), section: 'kmodlab' }]);
  });

  it('takes initialization options where the client that is asked knows of no settings', async () => {
    await Promise.all([client.initialize({ workspace: { configuration: true } }, { initializationOptions: { rules: { 'kernel-buffer': 'off' } } }), client.asked('workspace/configuration', () => [null]), client.open(source)]);
    assert.deepEqual(brief(await client.pushed(source)), ['unexported-symbol 1']);
  });

  it('follows the project file above a source, live, before the settings', async () => {
    const registered = client.asked<{ registrations: { method: string }[] }>('client/registerCapability');
    await client.initialize({ workspace: { didChangeWatchedFiles: DYNAMIC } }, { initializationOptions: { rules: { 'kernel-buffer': 'hint' } } });
    await client.open(source);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 4', 'unexported-symbol 1']);
    assert.deepEqual((await registered).registrations.map(({ method }) => method), ['workspace/didChangeWatchedFiles']);
    const project = path.join(root, '.kmodlab');
    fs.writeFileSync(project, '{ "rules": { "kernel-buffer": "warning" }, "analysis": { "targetKernel": "5.4" } }');
    await changed(project);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 2']);
    const nearer = path.join(root, 'driver', '.kmodlab');
    fs.writeFileSync(nearer, '{}');
    await changed(nearer);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 4', 'unexported-symbol 1']);
    fs.rmSync(nearer);
    await changed(nearer);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 2']);
  });

  it('shows what is wrong in a project file at its place, also unsaved, and analyses all the same', async () => {
    await client.initialize({ workspace: { didChangeWatchedFiles: DYNAMIC } });
    const project = path.join(root, '.kmodlab');
    fs.writeFileSync(project, '{\n  "rules": { "kernel-bufer": "off", "unexported-symbol": "off" }\n}\n');
    await client.open(source);
    const [problem] = await client.pushed(project);
    assert.deepEqual(problem?.range, { start: { line: 1, character: 13 }, end: { line: 1, character: 27 } });
    assert.match(JSON.stringify(problem.message), /There is no rule .*kernel-bufer/);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1']);
    await client.open(project, '{ "rules": { "kernel-buffer": "off" } }');
    assert.deepEqual(await client.pushed(project), []);
    assert.deepEqual(brief(await client.pushed(source)), ['unexported-symbol 1']);
    await client.change(project, 2, [{ text: '{' }]);
    assert.equal((await client.pushed(project))[0]?.severity, 1);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1', 'unexported-symbol 1']);
  });

  it('leaves an open project file to a client that checks it by the schema', async () => {
    await client.initialize({}, { initializationOptions: { validatesProjectFile: true } });
    const project = path.join(root, '.kmodlab');
    fs.writeFileSync(project, '{ "rule": 1 }');
    await client.open(source);
    assert.equal((await client.pushed(project)).length, 1);
    await client.open(project);
    assert.deepEqual(await client.pushed(project), []);
  });

  it('makes the diagnostics anew for the kernel of the host that is selected', async () => {
    await client.initialize({});
    await client.open(source);
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1', 'unexported-symbol 1']);
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: '5.4.0-1-amd64', arch: 'x86_64' });
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1']);
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: null });
    assert.deepEqual(brief(await client.pushed(source)), ['kernel-buffer 1', 'unexported-symbol 1']);
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: 12 });
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: '6.1', dispatch: 'switch' });
    await client.pushed(source);
  });

  it('asks a client that pulls to pull again', async () => {
    const refreshed = client.asked('workspace/diagnostic/refresh');
    await client.initialize({ textDocument: { diagnostic: {} }, workspace: { diagnostics: { refreshSupport: true } } });
    await client.open(source);
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: '5.4' });
    await refreshed;
    assert.deepEqual(brief((await client.pull(source)).items), ['kernel-buffer 1']);
  });

  it("reads CONFIG and the exact version from the headers of the host's kernel", async () => {
    const headers = path.join(root, 'headers');
    fs.mkdirSync(path.join(headers, 'include/config'), { recursive: true });
    fs.writeFileSync(path.join(headers, 'include/config/auto.conf'), '#\n# Linux/x86 6.1.192 Kernel Configuration\n#\nCONFIG_KMODLAB_ON=y\nCONFIG_KMODLAB_PART=m\nCONFIG_HZ=250\nCONFIG_KMODLAB_NAME="x"\n');
    const guards = ['#ifdef CONFIG_KMODLAB_ON', '#if IS_MODULE(CONFIG_KMODLAB_PART) && !defined(CONFIG_KMODLAB_PART) && defined(CONFIG_KMODLAB_PART_MODULE)', '#if CONFIG_HZ == 250', '#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 190) && LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)', '#ifndef CONFIG_KMODLAB_OFF'];
    await client.initialize({});
    const assigned = '\tregs.si = (unsigned long)name;';
    await client.open(source, SOURCE.replace(assigned, `${guards.join('\n')}\n${assigned}\n${guards.map(() => '#endif').join('\n')}`));
    assert.equal(brief(await client.pushed(source)).includes('kernel-buffer 1'), false);
    await client.connection.sendNotification('kmodlab/didChangeTarget', { kernel: '6.1.0-56-cloud-amd64', arch: 'x86_64', headers });
    assert.ok(brief(await client.pushed(source)).includes('kernel-buffer 1'));
  });

  it('reports a suppression comment that suppresses nothing, and none that does', async () => {
    await client.initialize({});
    await client.open(source, SOURCE.replace('(unsigned long)name;', '(unsigned long)name; // kmodlab: ignore[kernel-buffer] on purpose').replace('return used();', 'return used(); /* kmodlab: ignore[kernel-buffer] not so */'));
    const found = await client.pushed(source);
    assert.deepEqual(brief(found), ['unexported-symbol 1', 'unused-suppression 3']);
    assert.deepEqual(found.find(({ code }) => code === 'unused-suppression')?.tags, [1]);
  });
});
