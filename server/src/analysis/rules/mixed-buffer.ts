// SPDX-License-Identifier: MIT
import { consequence } from './consequence';
import { related, type Rule } from './rule';
import { describe, originText, placeOf } from './user-arguments';

/** A user-pointer argument that gets an address of user space on one path to the call and one of the kernel on another. */
export const mixedBuffer: Rule = (_calls, { target }, _run, userArguments) =>
  userArguments.findings('mixed-buffer', (subject) => {
    const user = subject.brought.find(({ space }) => space === 'user');
    const kernel = subject.brought.find(({ space, underSetFs }) => space === 'kernel' && underSetFs === false);
    if (!user || !kernel) return null;
    const at = placeOf(subject, kernel);
    const gets = `a kernel address on one path (${originText(kernel.origin, at)}) and a user address on another (${originText(user.origin, at)})`;
    const more = user.origin.span ? [related(user.origin.span, `On another path it is that of ${user.origin.text}.`)] : [];
    return describe('mixed-buffer', 'warning', subject, kernel, gets, consequence(subject, target, 'on the first path '), more);
  });
