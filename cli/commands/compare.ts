// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { describeResult } from '../../core/calls/decode';
import { ExitCode, Failure, printable, type Call, type LoadSession } from '../../core/model';
import { compareSessions, type Difference, type SessionRow } from '../../core/sessions/compare-sessions';
import type { Command } from '../context';
import { workplace } from '../context';

const MARKS: Readonly<Record<Difference, string>> = { same: '=', differs: '≠', onlyFirst: '<', onlySecond: '>' };

function title(session: LoadSession): string {
  return printable(`${session.id}  ${session.module.name} on ${session.host.name} (Linux ${session.host.kernel})`);
}

function side(call: Call | null): string {
  if (!call) return '';
  const place = call.source ? `${call.source.file}:${call.source.line}` : (call.caller ?? '');
  return printable(`${call.syscall}() = ${describeResult(call)}  ${place}`);
}

function table(rows: readonly SessionRow[]): string[] {
  const cells = rows.map(({ first, second, difference }) => [side(first), MARKS[difference], side(second)] as const);
  const width = Math.max(0, ...cells.map(([first]) => first.length));
  return cells.map(([first, mark, second]) => `${first.padEnd(width)}  ${mark}  ${second}`.trimEnd());
}

export const compare: Command = {
  name: 'compare',
  usage: 'compare SESSION SESSION [--json]',
  summary: 'the calls of two load sessions beside each other',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: 'boolean' } } });
    const [first, second] = positionals;
    if (first === undefined || second === undefined || positionals.length > 2) {
      throw new Failure({ code: 'usage', what: 'Two sessions are compared.', why: `${positionals.length} were named.`, next: 'Name two; kmodlab log --list shows them.', exitCode: ExitCode.usage });
    }
    const { store } = workplace(context);
    const [one, other] = [await store.read(first), await store.read(second)];
    const rows = compareSessions(one, other);
    const same = rows.every(({ difference }) => difference === 'same');
    if (values.json) context.out.write(`${JSON.stringify({ sessions: [one.id, other.id], rows }, null, 2)}\n`);
    else {
      const count = rows.filter(({ difference }) => difference === 'same').length;
      context.out.write(`< ${title(one)}\n> ${title(other)}\n\n${table(rows).join('\n')}\n\n${count} of ${rows.length} calls came out the same.\n`);
    }
    return same ? ExitCode.ok : ExitCode.findings;
  },
};
