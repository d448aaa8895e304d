// SPDX-License-Identifier: MIT
import { connect, createServer, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** A loopback port that is free now, chosen by the kernel. */
export function pickPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('the kernel gave no port'));
      });
    });
  });
}

/** False when certainly nobody listens on a loopback port. */
export function isPortOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

/** A connection to a loopback port that sends small pieces at once, and that nothing has been read from; null when there is none. */
export function connectWithoutDelay(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK, noDelay: true });
    socket.pause(); // or Node would begin to read at once
    socket.on('connect', () => resolve(socket)).on('error', () => resolve(null));
  });
}
