// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { statesFolder } from '../../core/guest/manage';
import { userDirs } from '../../core/platform/dirs';
import { openDrive, withDrive, type DriveSession } from './rig/drive-session';
import { THEME_NAMES, type Workbench } from './rig/workbench-page';

/** A first load may fetch a kernel, and boots a guest without KVM. */
const LOAD_MS = 300_000;
const WIDE = [1400, 900] as const;
const NARROW = [620, 900] as const;
const CONTAINER = 'Hosts & Modules';
/** Nothing listens on the first port. */
const UNREACHABLE = { host: 'ssh:ssh://127.0.0.1:1', name: 'Test box' };

describe('the Hosts & Modules view', function () {
  this.bail(true); // each step begins where the one before ended
  const drive = withDrive(() => openDrive('hosts', { 'kmodlab.hosts': ['guest', UNREACHABLE, 'local', 'box'] }));
  let session: DriveSession;
  let workbench: Workbench;

  before(() => {
    session = drive();
    workbench = session.workbench;
  });

  it('names once what is wrong in the list of hosts', async () => {
    await workbench.notification('entry 4 is "box"');
    await workbench.clearNotifications();
  });

  it('lists the hosts, the selected one marked, and the modules of the workspace', async () => {
    await workbench.showSideBar(CONTAINER);
    await workbench.treeRow('Guest 6.1-cloud, selected, s').waitFor();
    await workbench.treeRow('Test box, not connected').waitFor();
    await workbench.treeRow('This machine, not connected').waitFor();
    await workbench.treeRow('device2').waitFor();
    await workbench.shot('stopped');
  });

  it('lists what a check task finds in a file that is not open', async () => {
    await workbench.runTask('kmodlab', 'kmodlab: check device2');
    await workbench.terminal().filter({ hasText: /exit\scode:\s1/ }).waitFor({ timeout: LOAD_MS }); // it comes to the front
    await workbench.showProblems();
    await workbench.problem('EFAULT', '[Ln ').first().waitFor({ timeout: LOAD_MS });
  });

  it('says at the host why it cannot be reached', async () => {
    await workbench.rowAction(workbench.treeRow('Test box'), 'Connect');
    await workbench.treeRow('Test box, not reached').waitFor();
    await workbench.treeRow('Nothing listens for SSH at its address and port.').waitFor();
    await workbench.shot('unreachable');
    await workbench.clearNotifications();
  });

  it('says what a load would meet, without loading anything', async () => {
    await workbench.rowAction(workbench.treeRow('Preflight, not checked yet'), 'Check Module before Loading');
    await workbench.treeRow('Preflight, ready, Guest 6.1-cloud').waitFor({ timeout: LOAD_MS });
    await workbench.clearNotifications();
  });

  it('writes what clangd needs beside the module', async () => {
    await workbench.command('kmodlab.writeIntelliSense', 'Kernel Module Lab: Write IntelliSense Files…');
    await workbench.pick('device2');
    await workbench.notification(/device2 is described for Linux 6\.1\S+: compile_commands\.json and \.clangd written/, { timeout: LOAD_MS });
    await workbench.clearNotifications();
    const commands = JSON.parse(fs.readFileSync(path.join(session.folder, 'compile_commands.json'), 'utf8')) as { file: string }[];
    assert.ok(commands.some(({ file }) => file.endsWith('device2_main.c')));
    for (const name of ['compile_commands.json', '.clangd']) fs.rmSync(path.join(session.folder, name));
    await workbench.clearNotifications();
  });

  it('asks for the parameters that the module takes, by their types', async () => {
    await workbench.rowAction(workbench.treeRow('Parameters'), 'Load Module with Parameters');
    const form = workbench.page.locator('.quick-input-widget:visible', { hasText: 'Parameters of device2' });
    await form.waitFor({ timeout: LOAD_MS });
    await workbench.shot('parameters');
    await workbench.pick('experiment');
    await workbench.type('echo', 'experiment of device2');
    await form.locator('.monaco-list-row', { hasText: 'experiment=echo' }).first().waitFor();
    await workbench.shot('parameters-given');
    await form.locator('.monaco-list-row', { hasText: 'Load device2' }).click();
    await workbench.treeRow('device2, loaded, experiment=echo').waitFor({ timeout: LOAD_MS });
    await workbench.notification('device2 registered the character device');
    await workbench.clearNotifications();
  });

  it('shows what is loaded, its device, and the kernel that it is loaded in', async () => {
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor();
    await workbench.treeRow('device2, loaded on Guest 6.1-cloud').waitFor();
    await workbench.toggle(workbench.treeRow('All modules'));
    await workbench.treeRow('device2, ').filter({ hasText: 'KiB' }).waitFor();
    await workbench.toggle(workbench.treeRow('All modules'));
    await workbench.toggle(workbench.treeRow('Facts'));
    await workbench.treeRow('Kernel, 6.1').waitFor();
    await workbench.treeRow('Taint, ').filter({ hasText: 'an out-of-tree module was loaded' }).waitFor();
    await workbench.toggle(workbench.treeRow('Preflight, ready'));
    await workbench.shot('loaded');
    await workbench.toggle(workbench.treeRow('Facts'));
  });

  it('makes a node for its device, writes to it and reads from it', async () => {
    await workbench.clearNotifications();
    await workbench.rowAction(workbench.treeRow('device2, character device'), 'Create Device Node');
    await workbench.treeRow('/dev/device2, character device').waitFor();
    await workbench.clearNotifications();
    await workbench.rowAction(workbench.treeRow('/dev/device2'), 'Write to Device');
    await workbench.type('from the tree', 'Write to /dev/device2');
    await workbench.notification("Wrote to /dev/device2. The writer's stderr says: ");
    await workbench.shot('written');
    await workbench.clearNotifications();
    await workbench.rowAction(workbench.treeRow('/dev/device2'), 'Read from Device');
    await workbench.notification('The reader');
    await workbench.clearNotifications();
  });

  it('finds module, node and guest again after the window was loaded again', async () => {
    await workbench.reload();
    await workbench.showSideBar(CONTAINER);
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor({ timeout: LOAD_MS });
    await workbench.treeRow('device2, loaded, experiment=echo').waitFor();
    await workbench.rowAction(workbench.treeRow('/dev/device2, character device'), 'Write to Device');
    await workbench.type('still there', 'Write to /dev/device2');
    await workbench.notification("Wrote to /dev/device2. The writer's stderr says: still there", { timeout: LOAD_MS });
    await workbench.shot('loaded-again');
    await workbench.clearNotifications();
  });

  it('runs a command on the host of the module, and offers it again', async () => {
    await workbench.commandAndPick('kmodlab.exerciseModule', 'Kernel Module Lab: Exercise Module…', 'terminal  Command line…');
    await workbench.type('cat /proc/sys/kernel/ostype', 'A command line for the shell');
    const told = await workbench.notification('cat /proc/sys/kernel/ostype ended with exit code 0');
    await told.getByRole('button', { name: 'Show Output' }).click();
    await workbench.page.locator('.panel .view-line', { hasText: 'Linux' }).first().waitFor();
    await workbench.command('kmodlab.exerciseModule', 'Kernel Module Lab: Exercise Module…');
    await workbench.page.locator('.quick-input-list .monaco-list-row', { hasText: 'cat /proc/sys/kernel/ostype' }).waitFor();
    await workbench.page.keyboard.press('Escape');
    await workbench.clearNotifications();
  });

  it('loads it again with the same parameters', async () => {
    await workbench.rowAction(workbench.treeRow('device2, loaded, experiment=echo'), 'Reload Module');
    await workbench.notification('device2 registered the character device', { timeout: LOAD_MS });
    await workbench.clearNotifications();
    await workbench.treeRow('device2, loaded, experiment=echo').waitFor();
    await workbench.treeRow('device2, character device').waitFor();
  });

  it('opens a terminal on the guest', async () => {
    await workbench.clearNotifications();
    await workbench.rowAction(workbench.treeRow('Guest 6.1-cloud, selected'), 'Open Terminal on Host');
    await workbench.terminal().filter({ hasText: /#/ }).waitFor();
    await workbench.page.keyboard.type('uname -r; exit\n');
    await workbench.terminal().filter({ hasText: /6\.1\.\d/ }).waitFor();
  });

  it('resets the guest: it runs again, and nothing is loaded', async () => {
    await workbench.command('kmodlab.resetGuest', 'Kernel Module Lab: Reset Guest');
    await workbench.page.locator('.sidebar .monaco-list-row[aria-label^="device2, loaded"]').first().waitFor({ state: 'detached', timeout: LOAD_MS });
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor({ timeout: LOAD_MS });
    await workbench.shot('reset');
  });

  it('loads a module beside another, and says once of which one the guest died, and where', async () => {
    const folder = path.join(session.folder, 'fatal');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := fatal.o\n');
    fs.writeFileSync(path.join(folder, 'fatal.c'), '#include <linux/module.h>\nstatic int __init start(void) { *(volatile int *)8 = 1; return 0; }\nmodule_init(start);\nMODULE_LICENSE("GPL");\n');
    await workbench.command('kmodlab.loadDevice2', 'Load device2');
    await workbench.notification('device2 registered the character device', { timeout: LOAD_MS });
    await workbench.clearNotifications();
    await workbench.treeRow('fatal').waitFor();
    await workbench.commandAndPick('kmodlab.loadModule', 'Kernel Module Lab: Load Module…', 'fatal');
    await workbench.notification(/The kernel of Guest 6\.1-cloud met a fatal error while fatal was loaded\. At fatal\.c:2 it said: BUG/, { timeout: LOAD_MS });
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor({ timeout: LOAD_MS });
    assert.equal(await workbench.page.locator('.notifications-center .notification-list-item', { hasText: /fatal error|was lost/ }).count(), 1);
    await workbench.shot('crashed');
    await workbench.clearNotifications();
    fs.rmSync(folder, { recursive: true });
    await workbench.treeRow('fatal').waitFor({ state: 'detached' });
  });

  it('shows what another process loads, also in a window that is opened meanwhile, and says at once who has the module', async () => {
    const cli = spawn(process.execPath, [path.resolve('dist/cli.js'), 'load', session.folder, '--exec', 'sleep 600', '--unload'], { env: { ...process.env, ...session.env }, stdio: 'ignore' });
    const ended = once(cli, 'close');
    try {
      await workbench.treeRow(`device2, loading…, process ${cli.pid}`).waitFor({ timeout: LOAD_MS });
      await workbench.shot('another-process');
      await workbench.reload();
      await workbench.showSideBar(CONTAINER);
      await workbench.treeRow(`device2, loaded, process ${cli.pid}`).waitFor({ timeout: LOAD_MS });
      await workbench.command('kmodlab.loadDevice2', 'Load device2');
      await workbench.notification(`device2 is in use. Another process of yours uses it: keeping device2 loaded, from process ${cli.pid}.`, { timeout: LOAD_MS });
      await workbench.shot('in-use');
      await workbench.clearNotifications();
    } finally {
      cli.kill('SIGTERM');
      await ended;
    }
    await workbench.page.locator('.sidebar .monaco-list-row[aria-label^="device2, loaded"]').first().waitFor({ state: 'detached', timeout: LOAD_MS });
  });

  it('says in the terminal what is wrong in a task of tasks.json', async () => {
    fs.mkdirSync(path.join(session.folder, '.vscode'));
    fs.writeFileSync(path.join(session.folder, '.vscode/tasks.json'), JSON.stringify({ version: '2.0.0', tasks: [{ type: 'kmodlab', label: 'wrong', command: 'load', module: '.', parameters: { experiment: ['echo'] } }] }));
    await workbench.reload();
    await workbench.showSideBar(CONTAINER);
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor({ timeout: LOAD_MS });
    await workbench.commandAndPick('workbench.action.tasks.runTask', 'Tasks: Run Task', 'wrong');
    await workbench.terminal().filter({ hasText: /Its.*parameters\.experiment.*is.not.understood/ }).waitFor();
    await workbench.shot('wrong-task');
    await workbench.command('workbench.action.terminal.killAll', 'Terminal: Kill All Terminals');
    await workbench.command('kmodlab.showKernelLog', 'Kernel Module Lab: Show Kernel Log'); // a window that is not trusted would ask before it restores a terminal
    await workbench.clearNotifications();
    fs.rmSync(path.join(session.folder, '.vscode'), { recursive: true });
  });

  it('adds a host to the list, with a kernel that is offered', async () => {
    await workbench.command('kmodlab.addHost', 'Kernel Module Lab: Add Host…');
    await workbench.pick('remote  SSH host…');
    await workbench.type('me@box', 'SSH Host');
    await workbench.treeRow('me@box, not connected').waitFor();
    await workbench.command('kmodlab.addHost', 'Kernel Module Lab: Add Host…');
    await workbench.pick('vm  Guest…');
    const kernels = workbench.page.locator('.quick-input-list .monaco-list-row');
    await kernels.filter({ hasText: '6.1-cloud' }).first().waitFor({ timeout: LOAD_MS });
    await workbench.shot('kernels');
    await workbench.page.keyboard.press('Escape');
    await workbench.rowAction(workbench.treeRow('me@box'), 'Use for Loads');
    await workbench.statusBar('me@box').waitFor();
    await workbench.rowAction(workbench.treeRow('Guest 6.1-cloud'), 'Use for Loads');
    await workbench.statusBar('Guest 6.1-cloud').waitFor();
  });

  it('removes a host from the list', async () => {
    await workbench.rowMenu(workbench.treeRow('me@box'), 'Remove from kmodlab.hosts');
    await workbench.treeRow('me@box').waitFor({ state: 'detached' });
    await workbench.treeRow('Test box').waitFor();
  });

  it('deletes a guest once that was agreed to, with what it takes on disk', async () => {
    const release = '0.0.1-0-cloud-amd64';
    const state = path.join(statesFolder(userDirs()), `abc${process.pid.toString(16)}`);
    fs.mkdirSync(state, { recursive: true });
    fs.writeFileSync(path.join(state, 'info.json'), JSON.stringify({ release, memoryMiB: 256, cpus: 1, accelerator: 'tcg', savedAt: '2026-01-01T00:00:00.000Z' }));
    try {
      await workbench.command('kmodlab.deleteGuest', 'Kernel Module Lab: Delete Guest…');
      await workbench.pick(release);
      const question = workbench.dialog(`Delete the guest ${release}?`);
      await question.waitFor();
      await workbench.shot('delete');
      assert.ok(fs.existsSync(state));
      await question.getByRole('button', { name: 'Delete', exact: true }).click();
      await workbench.notification(`${release} was deleted`);
      await workbench.clearNotifications();
      assert.ok(!fs.existsSync(state));
    } finally {
      fs.rmSync(state, { recursive: true, force: true });
    }
  });

  for (const theme of THEME_NAMES) {
    it(`is drawn in the ${theme} theme`, async () => {
      await workbench.clearNotifications();
      await workbench.theme(theme, []);
      await workbench.showSideBar(CONTAINER);
      await workbench.shot(theme);
      await workbench.resize(...NARROW);
      await workbench.shot(`${theme}-narrow`);
      await workbench.resize(...WIDE);
    });
  }

  it('says in an empty folder how to begin', async () => {
    const empty = path.join(path.dirname(session.folder), 'empty');
    fs.mkdirSync(empty);
    await session.open(empty);
    await workbench.showSideBar(CONTAINER);
    await workbench.page.locator('.welcome-view-content', { hasText: 'There is no kernel module in this workspace' }).waitFor();
    await workbench.treeRow('Guest 6.1-cloud, selected').waitFor();
    await workbench.shot('empty');
  });

  it('says in a folder that is not trusted what works and what does not, and goes on when it is trusted', async () => {
    session.changeSettings({ 'security.workspace.trust.enabled': true, 'security.workspace.trust.startupPrompt': 'never' });
    await session.open(session.folder);
    await workbench.showSideBar(CONTAINER);
    const welcome = workbench.page.locator('.welcome-view-content', { hasText: 'This workspace is not trusted. C files are analysed all the same' });
    await welcome.waitFor();
    await workbench.treeRow('device2').waitFor();
    await workbench.shot('untrusted');
    await welcome.getByText('Manage Workspace Trust').click();
    await workbench.page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).click();
    await workbench.treeRow('Guest 6.1-cloud, selected').waitFor();
  });
});
