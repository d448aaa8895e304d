// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { headersHere } from '../../../core/build/environment';
import { writeIntelliSense } from '../../../core/build/intellisense';
import type { BuildEnvironment } from '../../../core/hosts/host';
import { guestKernel } from '../../../core/hosts/registry';
import { missingEnvironment } from '../../../core/modules/examine';
import type { Context } from '../context';
import { withWork, type Work } from '../progress';
import { chooseModule } from './load';

/** Writes compile_commands.json and .clangd beside a module, with the options of the selected host's kernel. */
export async function writeIntelliSenseFiles(context: Context, argument: unknown): Promise<void> {
  const module = await chooseModule(context, argument, 'Write IntelliSense Files');
  if (!module) return;
  const { written, left, environment } = await withWork(`Writing IntelliSense files of ${module.name}`, context.log, async (work) => {
    const found = await environmentOf(context, work);
    return { environment: found, ...(await writeIntelliSense({ module, environment: found, dirs: context.dirs, ...work })) };
  });
  for (const { file, why } of left) void vscode.window.showWarningMessage(`${file} of ${module.name} was left as it is. ${why}`);
  const what = written.length === 0 ? 'nothing had changed' : `${written.join(' and ')} written`;
  void vscode.window.showInformationMessage(`${module.name} is described for Linux ${environment.kernel}: ${what}.`);
}

/** A guest need not run for this; headers on this machine come before those on a host. */
async function environmentOf({ settings, packages, hosts }: Context, work: Work): Promise<BuildEnvironment> {
  const kernel = guestKernel(settings.hostId);
  if (kernel !== null) return (await packages.provideKernel(kernel, work)).buildEnvironment;
  const host = await hosts.get(settings.hostId, work);
  const environment = (await host.buildEnvironment(work)) ?? missingEnvironment(host);
  if (environment.host === undefined || host.kind === 'local') return environment;
  return (await headersHere(host, packages, work)) ?? environment;
}
