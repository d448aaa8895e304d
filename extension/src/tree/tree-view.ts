// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Coalesced } from '../webviews/coalesce';
import { speechOf, type TreeNode } from './tree-node';

/** Shows rows that a pure function makes; asks for them again, soon, whenever `changed` is called. */
export class TreeView implements vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<undefined>();
  private readonly refresh = new Coalesced(() => this.emitter.fire(undefined));
  private readonly view: vscode.TreeView<TreeNode>;

  /** @param rows what the view shows now; empty: the welcome text of package.json */
  constructor(id: string, rows: () => readonly TreeNode[] | Promise<readonly TreeNode[]>, onShown: () => void = () => undefined) {
    this.view = vscode.window.createTreeView(id, {
      showCollapseAll: true,
      treeDataProvider: {
        onDidChangeTreeData: this.emitter.event,
        getTreeItem: toItem,
        getChildren: async (node) => [...(node === undefined ? await rows() : await childrenOf(node))],
      },
    });
    this.view.onDidChangeVisibility(({ visible }) => {
      if (visible) onShown();
    });
    if (this.view.visible) onShown();
  }

  get visible(): boolean {
    return this.view.visible;
  }

  changed(): void {
    this.refresh.request();
  }

  dispose(): void {
    this.refresh.dispose();
    this.view.dispose();
    this.emitter.dispose();
  }
}

function childrenOf({ children }: TreeNode): readonly TreeNode[] | Promise<readonly TreeNode[]> {
  if (children === undefined) return [];
  return typeof children === 'function' ? children() : children;
}

function toItem(node: TreeNode): vscode.TreeItem {
  const { None, Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const hasChildren = typeof node.children === 'function' || (node.children?.length ?? 0) > 0;
  const item = new vscode.TreeItem(node.label, hasChildren ? (node.expanded === true ? Expanded : Collapsed) : None);
  item.id = node.id;
  item.accessibilityInformation = { label: speechOf(node) };
  if (node.description !== undefined) item.description = node.description;
  item.tooltip = node.tooltip ?? speechOf(node);
  if (node.icon !== undefined) item.iconPath = new vscode.ThemeIcon(node.icon, node.iconColor === undefined ? undefined : new vscode.ThemeColor(node.iconColor));
  if (node.context !== undefined) item.contextValue = node.context;
  if (node.opens) item.command = { command: 'vscode.open', title: 'Open', arguments: [vscode.Uri.file(node.opens.file)] };
  return item;
}
