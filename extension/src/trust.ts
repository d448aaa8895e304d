// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../core/model';

/** @throws Failure `workspace-untrusted` before anything of a workspace that is not trusted is run */
export function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new Failure({
    code: 'workspace-untrusted',
    what: 'Nothing was built or loaded.',
    why: 'This workspace is not trusted, and a build runs its Makefiles.',
    next: 'Trust the workspace (Workspaces: Manage Workspace Trust), then try again.',
  });
}
