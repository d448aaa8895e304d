// SPDX-License-Identifier: MIT
import { checkOf } from '../flow/forecast';
import { related, type Rule } from './rule';
import { ArgumentFindings, describe, originText, placeOf, userArguments, type UserArgument } from './user-arguments';

/** A user-pointer argument that gets an address of user space on one path to the call and one of the kernel on another. */
export const mixedBuffer: Rule = (calls) => {
  const findings = new ArgumentFindings();
  for (const subject of userArguments(calls)) {
    const user = subject.brought.find(({ space }) => space === 'user');
    const kernel = subject.brought.find(({ space, underSetFs }) => space === 'kernel' && underSetFs === false);
    if (!user || !kernel) continue;
    const at = placeOf(subject, kernel);
    const gets = `a kernel address on one path (${originText(kernel.origin, at)}) and a user address on another (${originText(user.origin, at)})`;
    const more = user.origin.span ? [related(user.origin.span, `On another path it is that of ${user.origin.text}.`)] : [];
    findings.add(subject, describe('mixed-buffer', 'warning', subject, kernel, gets, consequence(subject), more));
  }
  return findings.all;
};

function consequence({ syscall, index, argument }: UserArgument): string {
  switch (argument.failure) {
    case 'silent':
      return 'The kernel takes either without a check, and uses it later as one of user space.';
    case 'otherwise':
      return 'The kernel does not accept its own there and the call fails on that path.';
    case 'faults':
      return `With its own, ${checkOf(syscall, index)} rejects it and the call will normally return -EFAULT (-14).`;
    default:
      return 'The kernel rejects an address of its own there: on that path the call will normally return -EFAULT (-14).';
  }
}
