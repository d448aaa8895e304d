// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { KeeperMessage, onMessage, send, SOCKET_NAME } from './protocol';

/** A connection to the keeper of the guest in `folder` that is no lease; null when there is none. */
async function reach(folder: string): Promise<Socket | null> {
  const socket = connect(path.join(folder, SOCKET_NAME));
  return await new Promise((resolve) => socket.once('connect', () => resolve(socket)).once('error', () => resolve(null)));
}

/** What became of the guest in `folder`, without holding it; null when nobody keeps one there. */
export async function lookAtGuest(folder: string): Promise<KeeperMessage | null> {
  const socket = await reach(folder);
  if (socket === null) return null;
  return await new Promise((resolve) => {
    onMessage(socket, KeeperMessage, (message) => {
      resolve(message);
      socket.destroy();
    });
    socket.on('error', () => undefined).on('close', () => resolve(null));
    send(socket, { type: 'check' });
  });
}

/** Ends the guest in `folder` for everybody; resolves when nothing is left of it. False when nobody keeps one there. */
export async function endGuest(folder: string): Promise<boolean> {
  const socket = await reach(folder);
  if (socket === null) return false;
  socket.on('error', () => undefined).resume();
  const gone = once(socket, 'close');
  send(socket, { type: 'end' });
  await gone;
  return true;
}
