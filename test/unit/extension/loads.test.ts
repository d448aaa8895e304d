// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Host } from '../../../core/hosts/host';
import type { HostDeps } from '../../../core/hosts/registry';
import { GuestLost } from '../../../core/hosts/guest';
import { Failure } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import { hostIdOf, isHost } from '../../../extension/src/hosts/host-id';
import { HostKeeper } from '../../../extension/src/hosts/host-keeper';
import { findModule, isInside } from '../../../extension/src/loads/modules';
import { commands } from '../../../cli/commands';
import { badTask, isBuildTask, KmodlabTask, matchersOf, taskCommand, type TaskPlace } from '../../../extension/src/tasks/execution';

function module(name: string, folder: string): ModuleDescription {
  return { name, folder, kbuildFile: 'Kbuild', sources: [`${name}.c`], headers: [] };
}

describe('finding the module a person means', () => {
  const modules = [module('a', '/w/a'), module('b', '/w/both'), module('c', '/w/both'), module('twin', '/w/x'), module('twin', '/w/y')];

  it('takes a folder, absolute or relative, or a name', () => {
    assert.equal(findModule(modules, '/w/a', '/w')?.name, 'a');
    assert.equal(findModule(modules, './a', '/w')?.name, 'a');
    assert.equal(findModule(modules, 'c', '/w')?.name, 'c');
  });

  it('takes none that is not clear', () => {
    for (const wanted of ['both', 'twin', 'nothing', '/elsewhere']) assert.equal(findModule(modules, wanted, '/w'), null, wanted);
  });

  it('knows what lies inside a folder', () => {
    assert.ok(isInside('/w/a', '/w/a/x/y.c'));
    assert.ok(isInside('/w/a', '/w/a'));
    assert.ok(isInside('/w/a', '/w/a/..x'));
    assert.ok(!isInside('/w/a', '/w/ab/y.c'));
    assert.ok(!isInside('/w/a', '/w'));
  });
});

describe('the host of a session', () => {
  it('has the id that opens it', () => {
    assert.equal(hostIdOf({ kind: 'guest', name: 'Guest 6.1-cloud' }), 'guest:6.1-cloud');
    assert.equal(hostIdOf({ kind: 'ssh', name: 'me@box' }), 'ssh:me@box');
    assert.equal(hostIdOf({ kind: 'local', name: 'my machine' }), 'local');
  });

  it('is the default guest by either name', () => {
    const host = { kind: 'guest', name: 'Guest 6.1-cloud' } as const;
    assert.ok(isHost('guest', host));
    assert.ok(isHost('guest:6.1-cloud', host));
    assert.ok(!isHost('guest:newest-cloud', host));
  });
});

describe('a task', () => {
  const place: TaskPlace = { cliPath: '/x/cli.js', execPath: '/bin/code', defaultHost: 'guest', loadOptions: ['--watchdog', '60'], env: { A: '1' }, module: { folder: '/w/a b', name: 'a' } };

  it('is an argument vector of the CLI, run by the editor as Node', () => {
    const task = KmodlabTask.parse({ type: 'kmodlab', command: 'load', module: 'a b', parameters: { mode: 'x; rm -rf /' } });
    assert.deepEqual(taskCommand(task, place), {
      program: '/bin/code',
      args: ['/x/cli.js', 'load', '/w/a b', 'mode=x; rm -rf /', '--module', 'a', '--host', 'guest', '--watchdog', '60'],
      env: { ELECTRON_RUN_AS_NODE: '1', A: '1' },
    });
  });

  it('takes numbers, true and false for parameters, and says which other value is wrong', () => {
    const why = (task: object): string | undefined => {
      const parsed = KmodlabTask.safeParse({ type: 'kmodlab', ...task });
      return parsed.success ? JSON.stringify(parsed.data.parameters) : badTask('mine', parsed.error).why;
    };
    assert.equal(why({ command: 'load', module: 'm', parameters: { count: 3, on: true, off: false, text: 'a' } }), '{"count":"3","on":"1","off":"0","text":"a"}');
    assert.match(why({ command: 'explode', module: 'm' }) ?? '', /^Its "command" is not understood: expected one of "build"/);
    assert.match(why({ command: 'build' }) ?? '', /^Its "module" is not understood: expected string, received undefined\.$/);
    assert.equal(why({ command: 'load', module: 'm', parameters: { count: [1] } }), 'Its "parameters.count" is not understood: expected a text, a number, true or false.');
    assert.equal(why({ command: 'load', module: 'm', parameters: { 'a b': '1' } }), 'Its "parameters.a b" is not understood: expected the name of a parameter.');
  });

  it('goes to its own host where it names one, and passes parameters to loads only', () => {
    const task = KmodlabTask.parse({ type: 'kmodlab', command: 'unload', module: 'a', host: 'ssh:box', parameters: { mode: 'x' } });
    assert.deepEqual(taskCommand(task, { ...place, module: { folder: '/w/a', name: null } }).args, ['/x/cli.js', 'unload', '/w/a', '--host', 'ssh:box']);
  });

  it('is a command of the CLI, whichever it is', () => {
    const names = commands.map(({ name }) => name);
    for (const command of KmodlabTask.shape.command.options) assert.ok(names.includes(command), command);
  });

  it('checks a folder without a host', () => {
    const task = KmodlabTask.parse({ type: 'kmodlab', command: 'check', module: 'a', host: 'ssh:box' });
    assert.deepEqual(taskCommand(task, place).args, ['/x/cli.js', 'check', '/w/a b']);
    assert.deepEqual(matchersOf('check'), ['$kmodlab-check']);
    assert.deepEqual(KmodlabTask.shape.command.options.filter(isBuildTask), ['build', 'check']);
  });

  it('is refused with an unknown command or without a module', () => {
    assert.ok(!KmodlabTask.safeParse({ type: 'kmodlab', command: 'explode', module: 'a' }).success);
    assert.ok(!KmodlabTask.safeParse({ type: 'kmodlab', command: 'load' }).success);
  });
});

describe('the host keeper', () => {
  const work = { progress: { step: () => undefined, log: () => undefined }, signal: new AbortController().signal };

  function fake(lost: Promise<Failure>): Host & { disposed: number } {
    const host = { id: 'guest', name: 'guest', kind: 'guest', lost, facts: () => Promise.resolve({ kernel: '6.1.0' }), disposed: 0, dispose: () => Promise.resolve(host.disposed++) };
    return host as unknown as Host & { disposed: number };
  }

  function keeperOf(...outcomes: (Host | Failure)[]): { keeper: HostKeeper; opened: () => number } {
    let opened = 0;
    const openHost = (): Promise<Host> => {
      const outcome = outcomes[opened++]!;
      return outcome instanceof Failure ? Promise.reject(outcome) : Promise.resolve(outcome);
    };
    return { keeper: new HostKeeper({ openHost, base: () => ({}) as never }), opened: () => opened };
  }

  const never = new Promise<Failure>(() => undefined);

  it('opens a host once, also for two who ask at once', async () => {
    const host = fake(never);
    const { keeper, opened } = keeperOf(host);
    assert.deepEqual(await Promise.all([keeper.get('guest', work), keeper.get('guest', work)]), [host, host]);
    assert.equal(opened(), 1);
  });

  it('tries again after a failed opening', async () => {
    const host = fake(never);
    const { keeper } = keeperOf(Failure.cancelled('x'), host);
    await assert.rejects(keeper.get('guest', work), { code: 'cancelled' });
    assert.equal(await keeper.get('guest', work), host);
  });

  it('forgets a guest that was lost and says so', async () => {
    let lose: (failure: Failure) => void = () => undefined;
    const { keeper } = keeperOf(fake(new Promise((resolve) => (lose = resolve))), fake(never));
    const first = await keeper.get('guest', work);
    const told = new Promise<Failure>((resolve) => keeper.onLost(({ failure }) => resolve(failure)));
    lose(Failure.cancelled('gone'));
    assert.equal((await told).what, 'gone');
    assert.equal(keeper.peek('guest'), undefined);
    assert.notEqual(await keeper.get('guest', work), first);
  });

  it('opens the next guest by itself after a crash, but not one that somebody ended', async () => {
    const lose: ((failure: Failure) => void)[] = [];
    const mortal = (): Host & { disposed: number } => fake(new Promise((resolve) => lose.push(resolve)));
    const hosts = [mortal(), mortal()];
    const { keeper, opened } = keeperOf(...hosts);
    await keeper.get('guest', work);
    const open = (): Promise<void> => new Promise((resolve) => keeper.onChange(() => keeper.peek('guest') === hosts[1] && resolve()));
    const isBack = open();
    lose[0]?.(new GuestLost('guest', { type: 'lost', cause: 'panic', panic: 'Fatal exception', console: '', qemu: '' }));
    await isBack;
    assert.equal(hosts[0]?.disposed, 1);
    const told = new Promise<void>((resolve) => keeper.onLost(() => resolve()));
    lose[1]?.(new GuestLost('guest', { type: 'lost', cause: 'requested', panic: null, console: '', qemu: '' }));
    await told;
    assert.deepEqual([opened(), keeper.stateOf('guest').state], [2, 'closed']);
  });

  it('gives up what it released, and every host at its end', async () => {
    const [first, second] = [fake(never), fake(never)];
    const { keeper } = keeperOf(first, second);
    await keeper.release(await keeper.get('guest', work));
    assert.equal(first.disposed, 1);
    await keeper.get('guest', work);
    await keeper.dispose();
    assert.deepEqual([first.disposed, second.disposed], [1, 1]);
  });

  it('leaves a guest that is in use to the window that is loaded again', async () => {
    const [held, left] = [fake(never), fake(never)];
    const leases: unknown[] = [];
    const openHost = (_id: string, { lease }: HostDeps): Promise<Host> => Promise.resolve(leases.push(lease) === 1 ? held : left);
    const keeper = new HostKeeper({ openHost, base: () => ({}) as never });
    await keeper.get('guest', work);
    await keeper.dispose(['guest']);
    assert.deepEqual(leases, [{ kind: 'window' }, { kind: 'idle', seconds: 60 }]);
    assert.deepEqual([held.disposed, left.disposed], [1, 1]);
  });
});
