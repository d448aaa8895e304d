// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lab, moduleFile, until, untilSession, withFile } from './lab';

/** A first load may fetch a kernel and boot a guest without KVM. */
const LOAD_MS = 420_000;
const FILE = 'device2_kernel_buffer.c';

/** Reserves a descriptor while the parameters are parsed, before init: what the analysis takes for granted is not so then. */
const TAKE_DESCRIPTOR = `
#include <linux/file.h>
static int take_descriptor(const char *value, const struct kernel_param *param)
{
	return get_unused_fd_flags(0) < 0 ? -EMFILE : 0;
}
static const struct kernel_param_ops take_ops = { .set = take_descriptor };
module_param_cb(take, &take_ops, NULL, 0);
`;

type Results = ReturnType<Awaited<ReturnType<typeof lab>>['inlineResults']>;

/** Waits for what stands at the ends of the file's lines. */
async function untilResults(wanted: (results: Results) => boolean): Promise<Results> {
  const api = await lab();
  return until(
    () => {
      const results = api.inlineResults(moduleFile(FILE));
      return wanted(results) ? results : undefined;
    },
    (listener) => api.onInlineResults(() => void listener(undefined)),
  );
}

describe('results in the editor', function () {
  this.timeout(LOAD_MS);

  it('stand at the line that made the call, fade with an edit and come back with its undo', async () => {
    const { document } = await vscode.window.showTextDocument(moduleFile(FILE));
    const before = (await lab()).lastSession()?.id;
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    const session = await untilSession(({ id, calls }) => id !== before && calls.some(({ source }) => source?.file === FILE));
    const call = session.calls.find(({ source }) => source?.file === FILE);
    assert.ok(call?.source && call.result !== null);

    const [fresh] = await untilResults((results) => results.length > 0);
    assert.equal(fresh?.line, call.source.line - 1);
    assert.ok(fresh.text.startsWith(`= ${call.result} ${call.errno ?? ''}`) && fresh.text.endsWith('as predicted'), fresh.text);
    assert.deepEqual([fresh.stale, fresh.differs], [false, false]);
    const problems = vscode.languages.getDiagnostics(document.uri).filter(({ code }) => code === 'prediction-differs');
    assert.deepEqual(problems, []);

    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), '/* a line */\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    const [stale] = await untilResults(([result]) => result?.stale === true);
    assert.equal(stale?.line, call.source.line);
    assert.match(stale.text, /before your edit$/);

    const undo = new vscode.WorkspaceEdit();
    undo.delete(document.uri, new vscode.Range(0, 0, 1, 0));
    assert.ok(await vscode.workspace.applyEdit(undo));
    const [again] = await untilResults(([result]) => result?.stale === false);
    assert.deepEqual(again, fresh);
    await document.save();
  });

  it('can be switched off', async () => {
    const settings = vscode.workspace.getConfiguration('kmodlab');
    await settings.update('results.inline', false, vscode.ConfigurationTarget.Global);
    try {
      await untilResults((results) => results.length === 0);
    } finally {
      await settings.update('results.inline', undefined, vscode.ConfigurationTarget.Global);
    }
    await untilResults((results) => results.length > 0);
  });

  it('open their call in Syscall Results', async () => {
    await vscode.window.showTextDocument(moduleFile(FILE));
    const session = (await lab()).lastSession();
    const call = session?.calls.find(({ source }) => source?.file === FILE);
    assert.ok(session && call);
    await vscode.commands.executeCommand('kmodlab.showResults', { session: session.id, call: call.id });
    await until(
      () => {
        const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
        return input instanceof vscode.TabInputWebview && input.viewType.endsWith('kmodlab.results') ? input : undefined;
      },
      vscode.window.tabGroups.onDidChangeTabs,
      vscode.window.tabGroups.onDidChangeTabGroups,
    );
  });

  it('leave the module unloaded behind them', async () => {
    await vscode.commands.executeCommand('kmodlab.unloadModule');
    await untilSession(({ end }) => end?.state === 'unloaded');
  });

  it('become a problem where the kernel disagrees with the analysis, until the next load', async () => {
    const uri = moduleFile('device2_descriptors.c');
    const problems = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(uri).filter(({ code }) => code === 'prediction-differs');
    await withFile(
      'device2_main.c',
      (text) => text + TAKE_DESCRIPTOR,
      async () => {
        const configuration = { type: 'kmodlab', request: 'launch', name: 'test', module: '${workspaceFolder}', parameters: { take: '1' } };
        await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], configuration);
        const problem = await until(() => problems()[0], vscode.languages.onDidChangeDiagnostics);
        const session = await untilSession(({ parameters, calls }) => parameters['take'] === '1' && calls.some(({ syscall }) => syscall === 'dup'));
        const call = session.calls.find(({ syscall }) => syscall === 'dup');
        assert.equal(problem.range.start.line + 1, call?.source?.line);
        assert.equal(problem.severity, vscode.DiagnosticSeverity.Warning);
        assert.equal(problem.source, 'kmodlab');
        assert.match(problem.message, /^The kernel disagrees with the analysis here: dup\(\) predicted \d+, returned \d+\.$/);
        await vscode.debug.stopDebugging();
        await untilSession(({ id, end }) => id === session.id && end?.state === 'unloaded');
      },
    );
    assert.notEqual(problems().length, 0, 'they stay after the unload');
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    await until(() => (problems().length === 0 ? true : undefined), vscode.languages.onDidChangeDiagnostics);
    await vscode.commands.executeCommand('kmodlab.unloadModule');
    await untilSession(({ end }) => end?.state === 'unloaded');
  });

  it('say where the kernel met a fatal error, until the next load', async () => {
    const uri = moduleFile('device2_kernel_buffer.c');
    const problems = (): vscode.Diagnostic[] => vscode.languages.getDiagnostics(uri).filter(({ code }) => code === 'kernel-fault');
    await withFile(
      'device2_kernel_buffer.c',
      (text) => text.replace('snprintf(', '*(volatile int *)8 = 1;\n\tsnprintf('),
      async () => {
        await vscode.commands.executeCommand('kmodlab.loadDevice2');
        const problem = await until(() => problems()[0], vscode.languages.onDidChangeDiagnostics);
        assert.match((await vscode.workspace.openTextDocument(uri)).lineAt(problem.range.start.line).text, /volatile/);
        assert.equal(problem.severity, vscode.DiagnosticSeverity.Error);
        assert.match(problem.message, /^The kernel met a fatal error here: BUG: kernel NULL pointer dereference/);
      },
    );
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    await until(() => (problems().length === 0 ? true : undefined), vscode.languages.onDidChangeDiagnostics);
    await untilSession(({ end, calls }) => end === null && calls.length > 0);
    await vscode.commands.executeCommand('kmodlab.unloadModule');
    await untilSession(({ end }) => end?.state === 'unloaded');
  });
});
