// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../../../core/platform/process';
import { copyOfModule, ROOT } from '../../support/cli';

/** The first block of a language in docs/editors.md, with the server of this clone. */
function documented(language: string): string {
  const [, block = ''] = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(fs.readFileSync(path.join(ROOT, 'docs/editors.md'), 'utf8')) ?? [];
  assert.match(block, /\/path\/to\/kmodlab/);
  return block.replace('/path/to/kmodlab', ROOT).replace("'node'", JSON.stringify(process.execPath));
}

/** Prints the diagnostics of the buffer when there are some, and ends Neovim. */
const PRINT = `
vim.api.nvim_create_autocmd('DiagnosticChanged', {
  callback = function()
    local found = vim.diagnostic.get(0)
    if #found == 0 then return end
    io.stdout:write(vim.fn.json_encode(found))
    vim.cmd('qall!')
  end,
})
`;

interface NvimDiagnostic {
  code: string;
  source: string;
  lnum: number;
  severity: number;
}

describe('other editors', () => {
  it('Neovim, set up as documented, shows our diagnostics and sends our settings', async () => {
    const folder = copyOfModule();
    try {
      const config = path.join(folder, 'init.lua');
      fs.writeFileSync(config, documented('lua').replace("['missing-user-annotation'] = 'off'", "['kernel-buffer'] = 'warning'") + PRINT);
      const source = path.join(folder, 'device2_kernel_buffer.c');
      const env = { PATH: process.env['PATH'], HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, XDG_STATE_HOME: folder };
      const { stdout, stderr } = await run(['nvim', '--headless', '--clean', '-u', config, source], { cwd: folder, env });
      const found = JSON.parse(stdout) as NvimDiagnostic[];
      const line = fs.readFileSync(source, 'utf8').split('\n').findIndex((text) => text.includes('param.si'));
      assert.deepEqual(found.filter(({ code }) => code === 'kernel-buffer').map(({ source: by, lnum, severity }) => [by, lnum, severity]), [['kmodlab', line, 2]], stderr);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
