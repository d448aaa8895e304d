// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { createAnalyzer } from './analysis';
import { KmodlabServer } from './lsp/server';

// An edit leaves much garbage and little else: collect it early rather than let it pile up.
setFlagsFromString('--heap-growing-percent=10');
// Other threads would have little to do, and where processors are few they are waited for.
setFlagsFromString('--no-parallel-scavenge');
// Code that turns out hot is compiled by threads that compete with it: only what stays hot is worth that. At 200000 memory is 8 MB less and edits cost more.
setFlagsFromString('--interrupt-budget=110000');
// The parser reads a declaration at a time: compiling it twice saves no time that is felt, and costs 10 MB.
setFlagsFromString('--liftoff-only');

// stdio, Node IPC, socket or pipe, as the client's command line says (`--stdio`, `--node-ipc`, …)
const connection = createConnection(ProposedFeatures.all);
const wasm = (name: string): Promise<Uint8Array> => fs.readFile(path.join(__dirname, name));
const analyzer = Promise.all([wasm('web-tree-sitter.wasm'), wasm('tree-sitter-c.wasm')]).then(([runtimeWasm, grammarWasm]) => createAnalyzer({ runtimeWasm, grammarWasm }));
analyzer.catch((error: unknown) => connection.console.error(`The C parser could not be loaded: ${String(error)}`));

new KmodlabServer(connection, analyzer);
connection.listen();
