// SPDX-License-Identifier: MIT
import { Failure } from '../model';

interface Pattern {
  readonly says: RegExp;
  readonly code: string;
  readonly why: string;
  readonly next: (host: string) => string;
}

const UNREACHABLE = 'host-unreachable';

// What OpenSSH's client writes when it cannot start a session (sshconnect.c, sshconnect2.c, packet.c).
const PATTERNS: readonly Pattern[] = [
  {
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'host-key-changed',
    why: 'It shows another host key than the one you trusted.',
    next: (host) => `Find out why; only if the change is meant, remove the old key with "ssh-keygen -R" and connect once with "ssh ${host}".`,
  },
  {
    says: /Host key verification failed|host key is known for/,
    code: 'host-key-unknown',
    why: 'Its host key is not among those you trust.',
    next: (host) => `Connect once in a terminal with "ssh ${host}", compare the fingerprint and accept it.`,
  },
  {
    says: /Permission denied|Too many authentication failures|No more authentication methods|sign_and_send_pubkey/,
    code: 'host-auth',
    why: 'It did not accept your key, and passwords are not asked for here.',
    next: (host) => `Make "ssh ${host} true" work in a terminal without a question, for example with an agent.`,
  },
  {
    says: /Could not resolve hostname/,
    code: UNREACHABLE,
    why: 'Its name leads to no address.',
    next: (host) => `Correct the name, or give it a HostName in your ssh configuration, until "ssh ${host} true" works in a terminal.`,
  },
  {
    says: /Bad configuration option/,
    code: UNREACHABLE,
    why: 'Your ssh configuration has an option that ssh does not know.',
    next: (host) => `Correct the line that "ssh ${host} true" names in a terminal.`,
  },
  unreachable(/Connection refused/, 'Nothing listens for SSH at its address and port.'),
  unreachable(/No route to host|Network is unreachable|Host is down/, 'There is no way to its address from here.'),
  unreachable(/timed out/, 'It did not answer in time.'),
  unreachable(/Connection (closed|reset)|kex_exchange_identification/, 'It closed the connection before the session began.'),
];

function unreachable(says: RegExp, why: string): Pattern {
  return { says, code: UNREACHABLE, why, next: (host) => `Check that it is switched on and that "ssh ${host} true" works in a terminal.` };
}

/** Whether ssh said why it ended. When it did not (a shared connection that was just being closed), trying again may help. */
export function isExplained(stderr: string): boolean {
  return PATTERNS.some(({ says }) => says.test(stderr));
}

/** The failure behind an ssh that ended before its command began. `name` is for people, `destination` for the terminal. */
export function connectFailure(name: string, destination: string, stderr: string, fingerprint: string | null): Failure {
  const pattern = PATTERNS.find(({ says }) => says.test(stderr));
  const why = pattern?.why ?? 'ssh ended without a connection.';
  const code = pattern?.code ?? UNREACHABLE;
  return new Failure({
    code,
    what: code === UNREACHABLE ? `${name} cannot be reached.` : `No connection to ${name} was made.`,
    why: fingerprint === null ? why : `${why.slice(0, -1)}: ${fingerprint}.`,
    next: pattern?.next(destination) ?? `Try "ssh ${destination} true" in a terminal.`,
    detail: stderr,
  });
}

/** Neither a connection nor a refusal in all that time. */
export function connectTimeout(name: string, limitMs: number): Failure {
  return new Failure({
    code: UNREACHABLE,
    what: `${name} cannot be reached.`,
    why: `It did not answer within ${Math.round(limitMs / 1000)} seconds.`,
    next: 'Check the network and whether it is switched on, then try again.',
  });
}

/** The connection ended while a command ran. */
export function connectionLost(name: string, stderr: string): Failure {
  return new Failure({
    code: 'host-lost',
    what: `${name} was lost.`,
    why: 'The connection ended while a command was running.',
    next: 'If its kernel crashed, restart it; then load again.',
    detail: stderr,
  });
}

export function sshMissing(program: string, error: NodeJS.ErrnoException): Failure {
  return new Failure({
    code: 'ssh-missing',
    what: 'No host can be reached.',
    why: `The program ${program} could not be started (${error.code ?? error.message}).`,
    next: 'Install the OpenSSH client.',
  });
}

/** The fingerprint that a verbose ssh names, e.g. `ssh-ed25519 SHA256:…`. */
export function fingerprintIn(verboseStderr: string): string | null {
  return /Server host key: (\S+ SHA256:[A-Za-z0-9+/=]+)/.exec(verboseStderr)?.[1] ?? null;
}
