// SPDX-License-Identifier: MIT
import type { Command } from '../context';
import { build } from './build';
import { check } from './check';
import { demo } from './demo';
import { guest } from './guest';
import { load } from './load';
import { log } from './log';
import { unload } from './unload';

export const commands: readonly Command[] = [demo, check, build, load, unload, log, guest];
