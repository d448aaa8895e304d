// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lab, moduleFile, until, untilSession, withFile } from './lab';

const TASK_MS = 420_000;

async function task(name: string): Promise<vscode.Task> {
  await lab();
  const tasks = await vscode.tasks.fetchTasks({ type: 'kmodlab' });
  const found = tasks.find((candidate) => candidate.name === name);
  assert.ok(found, `${name} is among ${tasks.map((candidate) => candidate.name).join(', ')}`);
  return found;
}

/** Runs a task to its end. */
function run(wanted: vscode.Task): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const subscription = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.name !== wanted.name) return;
      subscription.dispose();
      resolve(exitCode);
    });
    vscode.tasks.executeTask(wanted).then(undefined, reject);
  });
}

describe('tasks', function () {
  this.timeout(TASK_MS);

  it('are processes of the CLI, the build among the build tasks', async () => {
    for (const command of ['build', 'clean', 'load', 'unload', 'reload', 'check']) {
      const found = await task(`${command} device2`);
      assert.ok(found.execution instanceof vscode.ProcessExecution);
      assert.equal(found.execution.args[1], command);
      assert.deepEqual(found.problemMatchers, command === 'check' ? ['$kmodlab-check'] : ['$kmodlab-gcc', '$kmodlab-modpost']);
      assert.equal(found.group?.id, command === 'build' || command === 'check' ? vscode.TaskGroup.Build.id : undefined);
    }
  });

  it('say at file and line what does not compile', async () => {
    const uri = moduleFile('device2_table.c');
    let line = 0;
    await withFile(
      'device2_table.c',
      (text) => {
        line = text.split('\n').length;
        return `${text}int broken = ;\n`;
      },
      async () => {
        assert.equal(await run(await task('build device2')), 1);
        const diagnostic = await until(() => vscode.languages.getDiagnostics(uri).find(({ message }) => message.includes('expected expression')), vscode.languages.onDidChangeDiagnostics);
        assert.equal(diagnostic.range.start.line, line - 1);
      },
    );
  });

  it('reach the views with their loads', async () => {
    assert.equal(await run(await task('load device2')), 0);
    const loaded = await untilSession(({ end }) => end?.state === 'loaded');
    assert.ok(loaded.calls.length > 0);
    assert.equal(await run(await task('unload device2')), 0);
    const unloaded = await untilSession(({ id, end }) => id === loaded.id && end?.state === 'unloaded');
    assert.ok(unloaded.records.length > loaded.records.length);
  });
});
