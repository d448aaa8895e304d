// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { Context } from '../context';
import { Command } from '../manifest';
import { requireTrust } from '../trust';
import { createDeviceNode, readFromDevice, writeToDevice } from './devices';
import { removeGuest, renewGuest, stopGuest } from './guests';
import { connectHost, disconnectHost, openTerminal } from './host-actions';
import { addHost, removeHost, selectHost, useHost } from './hosts';
import { writeIntelliSenseFiles } from './intellisense';
import { buildModule, checkModule, loadDevice2, loadModule, loadWithParameters } from './load';
import { exerciseModule, reloadModule, unloadModule } from './loaded';
import { explainCall, showResults } from './results';

interface CommandEntry {
  /** @param argument what a link or another extension passes on; not to be trusted */
  readonly run: (context: Context, argument: unknown) => Promise<void> | void;
  /** Runs programs that the workspace names: only where it is trusted. */
  readonly needsTrust: boolean;
}

const commands: Readonly<Record<Command, CommandEntry>> = {
  [Command.loadDevice2]: { run: loadDevice2, needsTrust: true },
  [Command.loadModule]: { run: loadModule, needsTrust: true },
  [Command.checkModule]: { run: checkModule, needsTrust: true },
  [Command.loadWithParameters]: { run: loadWithParameters, needsTrust: true },
  [Command.unloadModule]: { run: unloadModule, needsTrust: true },
  [Command.reloadModule]: { run: reloadModule, needsTrust: true },
  [Command.exerciseModule]: { run: exerciseModule, needsTrust: true },
  [Command.writeIntelliSense]: { run: writeIntelliSenseFiles, needsTrust: true },
  [Command.buildModule]: { run: buildModule, needsTrust: true },
  [Command.writeToDevice]: { run: writeToDevice, needsTrust: true },
  [Command.readFromDevice]: { run: readFromDevice, needsTrust: true },
  [Command.createDeviceNode]: { run: createDeviceNode, needsTrust: true },
  [Command.selectHost]: { run: selectHost, needsTrust: true },
  [Command.useHost]: { run: useHost, needsTrust: true },
  [Command.addHost]: { run: addHost, needsTrust: true },
  [Command.connectHost]: { run: connectHost, needsTrust: true },
  [Command.disconnectHost]: { run: disconnectHost, needsTrust: true },
  [Command.removeHost]: { run: removeHost, needsTrust: true },
  [Command.openTerminal]: { run: openTerminal, needsTrust: true },
  [Command.showResults]: { run: showResults, needsTrust: false },
  [Command.explainCall]: { run: explainCall, needsTrust: true },
  [Command.openSession]: { run: (context) => context.results.chooseSession(), needsTrust: false },
  [Command.compareResults]: { run: (context) => context.results.chooseComparison(), needsTrust: false },
  [Command.exportResults]: { run: (context) => context.results.export(), needsTrust: false },
  [Command.showKernelLog]: { run: (context) => context.kernelLog.show(true), needsTrust: false },
  [Command.stopGuest]: { run: stopGuest, needsTrust: true },
  [Command.resetGuest]: { run: renewGuest, needsTrust: true },
  [Command.deleteGuest]: { run: removeGuest, needsTrust: true },
  [Command.showLog]: { run: (context) => context.log.show(), needsTrust: false },
};

/** Registers every command; a failure of any of them is one message with the log behind it. */
export function registerCommands(context: Context): vscode.Disposable {
  const registrations = Object.entries(commands).map(([id, { run, needsTrust }]) =>
    vscode.commands.registerCommand(id, (argument: unknown) =>
      context.messages.guard(async () => {
        if (needsTrust) requireTrust();
        await run(context, argument);
      }),
    ),
  );
  return vscode.Disposable.from(...registrations);
}
