// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { listSshHosts, parseSshConfig } from '../../../core/hosts/ssh-config';
import { effectiveHost, parseEffective } from '../../../core/hosts/ssh-effective';
import { fakeProgram, temporaryFolder } from '../guest/support';

describe('the hosts of an ssh configuration', () => {
  let home: string;
  let remove: () => void;
  beforeEach(() => ({ folder: home, remove } = temporaryFolder()));
  afterEach(() => remove());

  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
    fs.writeFileSync(path.join(home, file), text);
  };
  const list = (): Promise<string[]> => listSshHosts({ home, configFile: path.join(home, '.ssh/config') });

  it('are those that are named in full', () => {
    const text = 'HOST box\tme@other "with-quotes"\nhost=equal\n  Host   indented # a comment\n#Host no\nHost *.example web? !not -oProxyCommand=x\nMatch host never\nHostName neither\nHost "two words"\n';
    assert.deepEqual(parseSshConfig(text).hosts, ['box', 'me@other', 'with-quotes', 'equal', 'indented']);
  });

  it('include those of other files, in order and each once', async () => {
    write('.ssh/config', 'Include config.d/*.conf ~/elsewhere "/no such file"\nHost box last\n  Include below\n');
    write('.ssh/config.d/20.conf', 'Host second\n');
    write('.ssh/config.d/10.conf', 'Host first box\nInclude ../config\n');
    write('.ssh/config.d/.hidden.conf', 'Host hidden\n');
    write('.ssh/config.d/10.conf~', 'Host backup\n');
    write('.ssh/below', 'Host below\n');
    write('elsewhere', 'Host elsewhere\n');
    assert.deepEqual(await list(), ['box', 'last', 'first', 'second', 'elsewhere', 'below']);
  });

  it('are found by sets of characters', async () => {
    write('.ssh/config', 'Include part-[ab].[!x] part-[z-a]\n');
    for (const name of ['part-a.1', 'part-b.x', 'part-c.1']) write(`.ssh/${name}`, `Host ${name}\n`);
    assert.deepEqual(await list(), ['part-a.1']);
  });

  it('are none where there is no file, a folder, or a circle', async () => {
    assert.deepEqual(await list(), []);
    write('.ssh/config', 'Include config\nInclude .\nHost only\n');
    assert.deepEqual(await list(), ['only']);
  });
});

describe('what ssh makes of a name', () => {
  it('is what ssh -G prints', () => {
    const text = 'user me\nhostname box.example\nport 2222\nproxyjump none\nproxyjump later\n';
    assert.deepEqual(parseEffective(text), { hostName: 'box.example', user: 'me', port: 2222, proxyJump: null });
    assert.equal(parseEffective(text.replace('none', 'jump.example'))?.proxyJump, 'jump.example');
    assert.equal(parseEffective('usage: ssh\n'), null);
  });

  it('is asked of ssh, and never of an option', async () => {
    const { folder, remove } = temporaryFolder();
    try {
      const ssh = fakeProgram(folder, 'ssh', 'printf "%s|" "$@" >"${0%/*}/args"; printf "user me\\nhostname h\\nport 22\\n"');
      assert.equal((await effectiveHost(ssh, 'box', '/c onfig'))?.hostName, 'h');
      assert.equal(fs.readFileSync(path.join(folder, 'args'), 'utf8'), '-F|/c onfig|-G|--|box|');
      await assert.rejects(effectiveHost(ssh, '-oProxyCommand=x'), { code: 'host-name-bad' });
      assert.equal(await effectiveHost(fakeProgram(folder, 'bad', 'exit 255'), 'box'), null);
    } finally {
      remove();
    }
  });
});
