// SPDX-License-Identifier: MIT
import * as z from 'zod';

/** What a command that was chosen at a row acts on. */
export const Subject = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('host'), hostId: z.string() }),
  z.object({ kind: z.literal('module'), folder: z.string(), name: z.string() }),
  /** A load session whose module is in the kernel. */
  z.object({ kind: z.literal('loaded'), sessionId: z.string() }),
  z.object({ kind: z.literal('device'), sessionId: z.string(), major: z.number(), minor: z.number() }),
]);
export type Subject = z.infer<typeof Subject>;

/** A row of a tree view, as data: what it says, and what is beneath. Its `id` stays the same while it is the same thing. */
export interface TreeNode {
  readonly id: string;
  readonly label: string;
  /** Shown behind the label, less prominent. */
  readonly description?: string;
  /** Plain text. */
  readonly tooltip?: string;
  /** Of VS Code's product icons. */
  readonly icon?: string;
  /** A theme colour for the icon; never the only thing that tells. */
  readonly iconColor?: string;
  /** Words that `viewItem` clauses in package.json ask for. */
  readonly context?: string;
  readonly subject?: Subject;
  /** A function is asked when the row is opened. */
  readonly children?: readonly TreeNode[] | (() => Promise<readonly TreeNode[]>);
  readonly expanded?: boolean;
  /** A file that the row opens. */
  readonly opens?: { readonly file: string };
}

const Row = z.object({ subject: Subject });

/** What a command was called for: a row of a view, or a link that names a subject; undefined for a call from the palette. */
export function subjectOf<Kind extends Subject['kind']>(argument: unknown, kind: Kind): Extract<Subject, { kind: Kind }> | undefined {
  const row = Row.safeParse(argument);
  return row.success && row.data.subject.kind === kind ? (row.data.subject as Extract<Subject, { kind: Kind }>) : undefined;
}

/** A row that only says something. */
export function note(id: string, label: string, icon: string, rest: Partial<Pick<TreeNode, 'description' | 'tooltip' | 'iconColor'>> = {}): TreeNode {
  return { id, label, icon, ...rest };
}

/** Before the description of the one row among several that is chosen. */
export const SELECTED_MARK = '✓ ';

/** What a screen reader says of a row: marks in words. */
export function speechOf({ label, description }: TreeNode): string {
  if (description === undefined || description === '') return label;
  const words = description.startsWith(SELECTED_MARK) ? `selected, ${description.slice(SELECTED_MARK.length)}` : description;
  return `${label}, ${words.replaceAll(' · ', ', ')}`;
}
