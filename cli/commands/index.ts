// SPDX-License-Identifier: MIT
import type { Command } from '../context';
import { build } from './build';
import { calls } from './calls';
import { check } from './check';
import { clean } from './clean';
import { compare } from './compare';
import { demo } from './demo';
import { device } from './device';
import { exec } from './exec';
import { exercise } from './exercise';
import { guest } from './guest';
import { hosts } from './hosts';
import { intellisense } from './intellisense';
import { load } from './load';
import { log } from './log';
import { parameters } from './parameters';
import { reload } from './reload';
import { report } from './report';
import { shell } from './shell';
import { unload } from './unload';
import { why } from './why';

export const commands: readonly Command[] = [demo, check, build, clean, intellisense, load, reload, unload, exercise, device, parameters, log, calls, why, compare, report, hosts, exec, shell, guest];
