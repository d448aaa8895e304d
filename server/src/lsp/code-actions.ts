// SPDX-License-Identifier: MIT
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  CodeActionKind,
  LSPErrorCodes,
  ResponseError,
  type CancellationToken,
  type ClientCapabilities,
  type CodeAction,
  type CodeActionOptions,
  type CodeActionParams,
  type Diagnostic,
  type Range,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import type { TextDocument } from 'vscode-languageserver-textdocument';
import * as z from 'zod';
import { Range as RangeSchema, type Finding } from '../../../core/model/analysis';
import { pastedText, type Fix } from '../analysis/fixes';
import { toDiagnostic } from './convert';
import type { Inspector } from './inspector';

/** Names an offered fix again, for `codeAction/resolve`. */
const ActionData = z.object({ uri: z.string(), version: z.int(), range: RangeSchema, rule: z.string().nullable(), fix: z.string() });

export interface CodeActionDeps {
  readonly inspector: Inspector;
  readonly documentOf: (uri: string) => TextDocument | undefined;
}

/** A fix of a finding; of no finding for text that was pasted from a web page. */
interface Offer {
  readonly document: TextDocument;
  /** Of the module; the document is its file `own`. */
  readonly folder: string;
  readonly own: string;
  readonly finding: Finding | null;
  readonly fix: Fix;
}

/** Quick fixes as LSP wants them. */
export class CodeActions {
  private resolvesEdits = false;
  private versionsEdits = false;
  private annotatesEdits = false;

  constructor(private readonly deps: CodeActionDeps) {}

  /** What the server can offer this client; undefined when that is nothing. */
  optionsFor({ textDocument, workspace }: ClientCapabilities): CodeActionOptions | undefined {
    const supported = textDocument?.codeAction;
    if (!supported?.codeActionLiteralSupport) return undefined;
    this.resolvesEdits = supported.dataSupport === true && supported.resolveSupport?.properties.includes('edit') === true;
    this.versionsEdits = workspace?.workspaceEdit?.documentChanges === true;
    this.annotatesEdits = this.versionsEdits && workspace?.workspaceEdit?.changeAnnotationSupport !== undefined;
    return { codeActionKinds: [CodeActionKind.QuickFix], resolveProvider: this.resolvesEdits };
  }

  async list({ textDocument: { uri }, range, context }: CodeActionParams, token: CancellationToken): Promise<CodeAction[]> {
    const document = this.deps.documentOf(uri);
    if (!document || (context.only && !context.only.some((kind) => isWithin(CodeActionKind.QuickFix, kind)))) return [];
    const { version } = document;
    const offers = await this.offers(document, range, token);
    return offers.map((offer) => this.action(offer, range, version, context.diagnostics));
  }

  private action(offer: Offer, range: Range, version: number, diagnostics: readonly Diagnostic[]): CodeAction {
    const { document: { uri }, folder, finding, fix } = offer;
    return {
      title: fix.title,
      kind: CodeActionKind.QuickFix,
      ...(finding ? { diagnostics: [shown(finding, folder, diagnostics)] } : {}),
      ...(fix.isPreferred ? { isPreferred: true } : {}),
      ...(this.resolvesEdits
        ? { data: { uri, version, range, rule: finding?.rule ?? null, fix: fix.id } satisfies z.infer<typeof ActionData> }
        : { edit: this.workspaceEdit(offer) }),
    };
  }

  /** Adds the edit to an action that was listed. @throws ResponseError ContentModified when the document has changed since */
  async resolve(action: CodeAction): Promise<CodeAction> {
    const data = ActionData.parse(action.data);
    const document = this.deps.documentOf(data.uri);
    const offers = document?.version === data.version ? await this.offers(document, data.range) : [];
    const wanted = action.diagnostics?.[0];
    const offer = offers.find(({ finding, fix }) => fix.id === data.fix && (finding?.rule ?? null) === data.rule && (!finding || !wanted || isSame(finding, wanted)));
    if (!offer || this.deps.documentOf(data.uri)?.version !== data.version) throw new ResponseError(LSPErrorCodes.ContentModified, 'The document has changed since this fix was offered.');
    return { ...action, edit: this.workspaceEdit(offer) };
  }

  private async offers(document: TextDocument, range: Range, token?: CancellationToken): Promise<Offer[]> {
    const { folder, own, fixed } = await this.deps.inspector.fixesOf(document, (finding) => touches(finding.range, range), token);
    const offers = fixed.flatMap(({ finding, fixes }): Offer[] => fixes.map((fix) => ({ document, folder, own, finding, fix })));
    const lines = document.getText({ start: { line: range.start.line, character: 0 }, end: { line: range.end.line + 1, character: 0 } });
    const pasted = lines.includes('\u00b6') ? pastedText({ path: own, text: document.getText() }) : null;
    return pasted ? [{ document, folder, own, finding: null, fix: pasted }, ...offers] : offers;
  }

  private workspaceEdit({ document, folder, own, fix }: Offer): WorkspaceEdit {
    const changes = new Map<string, TextEdit[]>();
    for (const { file, range, newText } of fix.edits) {
      const uri = file === own ? document.uri : pathToFileURL(path.join(folder, file)).toString();
      changes.set(uri, [...(changes.get(uri) ?? []), { range, newText }]);
    }
    if (!this.versionsEdits) return { changes: Object.fromEntries(changes) };
    const isAnnotated = this.annotatesEdits && fix.note !== null;
    return {
      documentChanges: [...changes].map(([uri, edits]) => ({
        textDocument: { uri, version: this.deps.documentOf(uri)?.version ?? null },
        edits: isAnnotated ? edits.map((edit) => ({ ...edit, annotationId: fix.id })) : edits,
      })),
      ...(isAnnotated ? { changeAnnotations: { [fix.id]: { label: fix.title, description: fix.note, needsConfirmation: false } } } : {}),
    };
  }
}

/** `quickfix` is within `quickfix` and within the empty kind, which is all. */
function isWithin(kind: string, wanted: string): boolean {
  return wanted === '' || kind === wanted || kind.startsWith(`${wanted}.`);
}

function touches(a: Range, b: Range): boolean {
  const isBefore = (x: Range['start'], y: Range['start']): boolean => x.line < y.line || (x.line === y.line && x.character < y.character);
  return !isBefore(a.end, b.start) && !isBefore(b.end, a.start);
}

/** The client's own diagnostic of a finding, so that it knows what is fixed. */
function shown(finding: Finding, folder: string, diagnostics: readonly Diagnostic[]): Diagnostic {
  return diagnostics.find((diagnostic) => isSame(finding, diagnostic)) ?? toDiagnostic(finding, folder);
}

function isSame({ rule, range, message }: Finding, diagnostic: Diagnostic): boolean {
  return diagnostic.code === rule && diagnostic.message === message && JSON.stringify(diagnostic.range) === JSON.stringify(range);
}
