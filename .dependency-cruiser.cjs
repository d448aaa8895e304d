// SPDX-License-Identifier: MIT
// The walls between the rooms, as ARCHITECTURE.md draws them.
const rule = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    rule('no-circular', 'A cycle hides which part owns what.', {}, { circular: true }),
    rule('model-imports-nothing', 'core/model is types and schemas only.', { path: '^core/model/' }, { path: '^(core/(?!model/)|server|cli|extension|media)' }),
    rule('model-no-io', 'core/model does no I/O.', { path: '^core/model/' }, { dependencyTypes: ['core'] }),
    rule('core-is-alone', 'core knows no server, no CLI, no extension, no webview.', { path: '^core/' }, { path: '^(server|cli|extension|media)/' }),
    rule('vscode-only-in-extension', 'Only the extension imports vscode.', { pathNot: '^extension/' }, { path: '^vscode$' }),
    rule('core-no-lsp', 'core speaks no LSP.', { path: '^core/' }, { path: 'vscode-language' }),
    rule('server-rooms', 'The server uses of core only the ABI, the model and the pure readers of Kbuild files and kernel configurations.', { path: '^server/' }, { path: '^core/(?!abi/|model/|modules/(?:kbuild|kernel-config)\\.ts$)' }),
    rule('server-is-alone', 'The server knows no host, CLI or extension.', { path: '^server/' }, { path: '^(cli|extension|media)/' }),
    rule('analysis-is-pure', 'The analysis does no I/O and speaks no LSP.', { path: '^server/src/analysis/' }, { path: 'vscode-languageserver|^server/src/lsp/|^(node:)?(fs|fs/promises|child_process|net|http|https)$' }),
    rule('cli-rooms', 'The CLI uses core, the analysis and what gathers its sources.', { path: '^cli/' }, { path: '^(extension|media)/|^server/src/(?!analysis/|workspace/)' }),
    rule('extension-rooms', 'The extension uses core, and media only for its message protocol.', { path: '^extension/' }, { path: '^(server|cli)/|^media/(?!protocol\\.ts$)' }),
    rule('media-rooms', 'Webviews use types of the model, and what is shown of results with its drawings.', { path: '^media/' }, { path: '^core/(?!model/|abi/errno|results/(types|filter)\\.ts$|results/draw/)|^(server|cli|extension)/' }),
    rule('results-are-pure', 'What is shown of a session is computed from it alone.', { path: '^core/results/(?!export/)' }, { dependencyTypes: ['core'] }),
    rule('drawings-are-pure', 'Drawings are made of shown data alone, in a browser too.', { path: '^core/results/draw/' }, { path: '^core/(?!results/(draw/|types\\.ts$))' }),
    rule('media-no-node', 'Webviews run in a browser.', { path: '^media/' }, { dependencyTypes: ['core'] }),
    rule('orphan-of-extension', 'Nothing imports the extension or the CLI.', { pathNot: '^(extension|cli)/' }, { path: '^(extension|cli)/' }),
    rule('workspace-no-lsp', 'What gathers sources for the analysis serves editor and CLI alike.', { path: '^server/src/workspace/' }, { path: 'vscode-languageserver|^server/src/lsp/' }),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
