// SPDX-License-Identifier: MIT
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request; `pass` forwards it. */
export type Verdict = 'pass' | 'gone' | 'corrupt' | 'hang';

/** An HTTP proxy on the loopback interface that spoils what it is told to. */
export class SpoilingProxy {
  readonly urls: string[] = [];
  /** Decides for each address; called before anything is sent. */
  verdict: (url: string) => Verdict = () => 'pass';
  /** Called when a client leaves a request that hangs. */
  onLeft: () => void = () => undefined;
  private readonly server = http.createServer((request, response) => this.answer(request, response));

  /** @returns its address, as `http_proxy` takes it */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = request.url ?? '';
    this.urls.push(url);
    const verdict = this.verdict(url);
    if (verdict === 'gone') {
      response.writeHead(404, 'Not Found').end();
      return;
    }
    if (verdict === 'hang') {
      response.on('close', () => this.onLeft());
      return;
    }
    const upstream = http.request(url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      if (verdict === 'pass') answer.pipe(response);
      else answer.on('data', (chunk: Buffer) => response.write(chunk.map((byte) => byte ^ 1))).on('end', () => response.end());
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  }
}
