// SPDX-License-Identifier: MIT
import { Failure } from '../model';
import type { CommandEnd, Elevation } from './command';
import type { HostFacts } from './host';

export interface SecretRequest {
  /** Name of the host, or of the key, for people. */
  readonly of: string;
  readonly kind: 'password' | 'passphrase';
  readonly prompt: string;
  /** The one before was wrong. */
  readonly retry: boolean;
}

/** Asks the user for a secret; null when the user does not give it. */
export type AskSecret = (request: SecretRequest) => Promise<string | null>;

const MAX_TRIES = 3;

/** How commands become root on one host. A password is kept here, in memory, until the host is closed. */
export class Sudo {
  #password: string | null = null;
  private proving: Promise<void> | null = null;

  constructor(
    private readonly host: string,
    private readonly askSecret: AskSecret | undefined,
  ) {}

  /**
   * What raises a command to root on a host of these facts; null where nothing needs to. The user is asked at most once, however
   * many commands wait. `prove` runs nothing, as root.
   * @throws Failure `sudo-refused`, `cancelled`
   */
  async elevation(facts: Pick<HostFacts, 'rights' | 'user' | 'sudoSaid'>, prove: (elevation: Elevation) => Promise<CommandEnd>): Promise<Elevation | null> {
    switch (facts.rights) {
      case 'root':
        return null;
      case 'sudo':
        return { flags: '-n', password: () => Promise.resolve(null) };
      case 'none':
        throw this.refused(facts.user, facts.sudoSaid ?? '');
      case 'sudoPassword':
        if (this.#password === null) {
          this.proving ??= this.learn(facts.user, prove).finally(() => (this.proving = null));
          await this.proving;
        }
        return { flags: '-S', password: (before) => Promise.resolve(before === 0 ? this.#password : null) };
    }
  }

  /** Why sudo did not begin a command. A password that was good before is asked for again next time. */
  lapsed(user: string, said: string): Failure {
    this.#password = null;
    return this.refused(user, said);
  }

  forget(): void {
    this.#password = null;
  }

  private async learn(user: string, prove: (elevation: Elevation) => Promise<CommandEnd>): Promise<void> {
    if (!this.askSecret) throw this.refused(user, 'a password is required, and nobody can be asked for it here');
    const ask = this.askSecret;
    const given: (string | null)[] = [];
    const password = async (): Promise<string | null> => {
      if (given.length === MAX_TRIES || given.at(-1) === null) return null;
      given.push(await ask({ of: this.host, kind: 'password', prompt: `Password of ${user} on ${this.host}, for sudo`, retry: given.length > 0 }));
      return given.at(-1) ?? null;
    };
    for (;;) {
      const before = given.length;
      const { began, said } = await prove({ flags: '-k -S', password });
      if (began) break;
      if (given.at(-1) === null) throw Failure.cancelled(`Nothing was run as root on ${this.host}.`);
      // sudo may give up before us (passwd_tries): then it is started again.
      if (given.length === before || given.length === MAX_TRIES || !isWrongPassword(said)) throw this.refused(user, said);
    }
    this.#password = given.at(-1) ?? null;
  }

  private refused(user: string, said: string): Failure {
    return new Failure({
      code: 'sudo-refused',
      what: `Nothing was run as root on ${this.host}.`,
      why: reason(user, said),
      next: `Use an account that is root there, or let root there add with visudo: ${sudoersLine(user)}`,
      detail: said,
    });
  }
}

/**
 * The line of sudoers(5) that lets a user run what is run here without a password: a shell, which reads constant scripts.
 * Less would be no less: who may load a module may do everything.
 */
export function sudoersLine(user: string): string {
  return `${user.replaceAll(/[^A-Za-z0-9_.-]/g, (character) => `\\${character}`)} ALL=(root) NOPASSWD: /bin/sh`;
}

function isWrongPassword(said: string): boolean {
  return /incorrect password|incorrect authentication|try again/i.test(said);
}

function reason(user: string, said: string): string {
  if (isWrongPassword(said)) return 'The password was wrong.';
  if (said.includes('must have a tty')) return 'sudo wants a terminal there (requiretty), and there is none.';
  if (/not in the sudoers|may not run sudo|not allowed to/i.test(said)) return `${user} may not use sudo there.`;
  if (said === '') return `${user} is not root there, and there is no sudo.`;
  const last = (said.trim().split('\n').at(-1) ?? '').replace(/^sudo: /, '').replace(/\.$/, '');
  return `sudo said: ${last.slice(0, 200)}.`;
}
