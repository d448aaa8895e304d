// SPDX-License-Identifier: MIT

/** A drawing or a piece of a page as plain data: a webview makes elements of it, an export makes text of it. */
export interface Shape {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Shape | string)[];
}

type Child = Shape | string | null;

/** Makes a shape; attributes that are null are left out. */
export function shape(tag: string, attributes: Readonly<Record<string, string | number | null>> = {}, ...children: Child[]): Shape {
  const given = Object.entries(attributes).flatMap(([name, value]) => (value === null ? [] : [[name, typeof value === 'number' ? rounded(value) : value] as const]));
  return { tag, attributes: Object.fromEntries(given), children: children.filter((child) => child !== null) };
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
