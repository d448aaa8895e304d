// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText, type Architecture } from '../../../core/model';
import type { ModuleParameter } from '../../../core/modules/modinfo';
import { choicesOf, knownValues, valueProblem, valuesText, withValue, type Values } from './parameter-values';

interface Item extends vscode.QuickPickItem {
  readonly parameter?: ModuleParameter;
}

export interface ParameterForm {
  readonly moduleName: string;
  readonly parameters: readonly ModuleParameter[];
  /** Of the host: it says how long a long is. */
  readonly arch: Architecture;
}

const RESET: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('discard'), tooltip: 'Leave to the module\'s default' };

/** Asks for a module's parameters, as many as the person wants, in any order; undefined when they gave up. */
export async function askParameters({ moduleName, parameters, arch }: ParameterForm, last: Values): Promise<Values | undefined> {
  let values = knownValues(parameters, last);
  for (;;) {
    const step = await chooseStep(moduleName, parameters, values);
    if (step === undefined || step === 'load') return step && values;
    const value = step.reset ? '' : await askValue(moduleName, step.parameter, values[step.parameter.name] ?? '', arch);
    if (value !== undefined) values = withValue(values, step.parameter.name, value);
  }
}

type Step = 'load' | { readonly parameter: ModuleParameter; readonly reset: boolean } | undefined;

function chooseStep(moduleName: string, parameters: readonly ModuleParameter[], values: Values): Promise<Step> {
  const picker = vscode.window.createQuickPick<Item>();
  picker.title = `Parameters of ${visibleText(moduleName)}`;
  picker.placeholder = 'Choose a parameter to change, or load';
  picker.ignoreFocusOut = true;
  picker.matchOnDetail = true;
  picker.items = [
    { label: `$(play) Load ${visibleText(moduleName)}`, description: visibleText(valuesText(values)), alwaysShow: true },
    { label: parameters.length === 0 ? 'It takes no parameters' : 'Parameters', kind: vscode.QuickPickItemKind.Separator },
    ...parameters.map((parameter) => itemOf(parameter, values[parameter.name])),
  ];
  return new Promise<Step>((resolve) => {
    picker.onDidTriggerItemButton(({ item }) => resolve(item.parameter && { parameter: item.parameter, reset: true }));
    picker.onDidAccept(() => {
      const [item] = picker.selectedItems;
      resolve(item && (item.parameter ? { parameter: item.parameter, reset: false } : 'load'));
    });
    picker.onDidHide(() => resolve(undefined));
    picker.show();
  }).finally(() => picker.dispose());
}

function itemOf(parameter: ModuleParameter, value: string | undefined): Item {
  const { name, type, description } = parameter;
  return {
    label: visibleText(name),
    description: value === undefined ? 'default' : visibleText(value),
    detail: visibleText([type ?? 'type unknown', ...(description === null ? [] : [description])].join(' · ')),
    ...(value === undefined ? {} : { buttons: [RESET] }),
    parameter,
  };
}

async function askValue(moduleName: string, parameter: ModuleParameter, value: string, arch: Architecture): Promise<string | undefined> {
  const title = `${visibleText(parameter.name)} of ${visibleText(moduleName)}`;
  const choices = choicesOf(parameter);
  if (choices) return vscode.window.showQuickPick([...choices], { title, placeHolder: visibleText(parameter.description ?? 'Value'), ignoreFocusOut: true });
  return vscode.window.showInputBox({
    title,
    value,
    prompt: visibleText([parameter.type ?? 'type unknown', ...(parameter.description === null ? [] : [parameter.description])].join(' · ')),
    placeHolder: "Empty: the module's own default",
    ignoreFocusOut: true,
    validateInput: (text) => valueProblem(parameter, text, arch),
  });
}
