// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import * as vscode from 'vscode';
import { guestsFolder, listGuests } from '../../../core/guest/manage';
import { lab, moduleFile, until, untilSession } from './lab';

const LOAD_MS = 420_000;

/** Processes of this machine whose command line holds a text. */
function processesWith(text: string): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}

/** This extension host's language server. */
function serverPid(): number | undefined {
  const extension = vscode.extensions.getExtension('kmodlab.kmodlab');
  assert.ok(extension);
  return processesWith(`${extension.extensionPath}/dist/server.js`).find((pid) => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(process.pid));
}

describe('faults', function () {
  this.timeout(LOAD_MS);

  it("ends a debug session with the kernel's own reason when insmod refuses", async () => {
    await lab();
    const configuration = { type: 'kmodlab', request: 'launch', name: 'test', module: '${workspaceFolder}', parameters: { experiment: 'nothing_of_the_kind' } };
    await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], configuration);
    const session = await untilSession(({ parameters, end }) => parameters['experiment'] === 'nothing_of_the_kind' && end !== null);
    assert.equal(session.end?.state, 'refused');
    assert.match(session.end.reason, /nothing_of_the_kind|Invalid argument/);
    assert.deepEqual(session.calls, []);
    await until(() => (vscode.debug.activeDebugSession === undefined ? true : undefined), vscode.debug.onDidChangeActiveDebugSession);
  });

  it('says that the guest was lost, and loads on a new one', async () => {
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    const loaded = await untilSession(({ end, calls }) => end === null && calls.length > 0);
    const runtime = process.env['KMODLAB_RUNTIME_DIR'];
    assert.ok(runtime);
    const guests = await listGuests(guestsFolder({ runtime }));
    assert.ok(guests.length > 0, 'a guest runs');
    for (const { pid } of guests) process.kill(pid, 'SIGKILL');
    const lost = await untilSession(({ id, end }) => id === loaded.id && end !== null);
    assert.equal(lost.end?.state, 'hostLost');
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    const next = await untilSession(({ id, calls }) => id !== loaded.id && calls.length > 0);
    assert.notEqual(next.host.bootId, loaded.host.bootId);
    await vscode.commands.executeCommand('kmodlab.unloadModule');
    await untilSession(({ id, end }) => id === next.id && end?.state === 'unloaded');
  });

  it('starts the language server again when it dies', async () => {
    const uri = moduleFile('device2_kernel_buffer.c');
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document);
    const flagged = (): true | undefined => (vscode.languages.getDiagnostics(uri).length > 0 ? true : undefined);
    await until(flagged, vscode.languages.onDidChangeDiagnostics);
    const before = serverPid();
    assert.ok(before !== undefined);
    const cleared = until(() => (flagged() ? undefined : true), vscode.languages.onDidChangeDiagnostics);
    process.kill(before, 'SIGKILL');
    await cleared;
    await until(flagged, vscode.languages.onDidChangeDiagnostics);
    assert.notEqual(serverPid(), before);
  });
});
