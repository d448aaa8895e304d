// SPDX-License-Identifier: MIT

/** Outlines on a 16 × 16 grid, drawn with strokes. */
export const icons = {
  check: 'M2.5 8.5 6 12l7.5-8',
  cross: 'M3.5 3.5l9 9m0-9-9 9',
  differs: 'M3 6h10M3 10h10M11 2.5 5 13.5',
  question: 'M5.5 6a2.5 2.5 0 1 1 3.6 2.2C8.3 8.6 8 9 8 10m0 2.6v.2',
  dash: 'M4 8h8',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 3v3.2l2.2 1.6',
  error: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm-2.2 3.8 4.4 4.4m0-4.4-4.4 4.4',
  warning: 'M8 2.3 14.3 13.5H1.7zM8 6.5v3.4m0 1.6v.2',
  info: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 5.4v3.6m0-5.7v.2',
  debug: 'M5 8h6',
  gap: 'M8 2v3m0 6v3M3 6.5l2.5 1.5L8 6.5 10.5 8 13 6.5',
  start: 'M5 3l8 5-8 5z',
  end: 'M4 4h8v8H4z',
  down: 'M8 3v9.5M4 9l4 4 4-4',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  clear: 'M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9',
  terminal: 'M2 3h12v10H2zM4.5 6l2 2-2 2m4 0h3',
  compare: 'M2.5 3h4.5v10h-4.5zM9 3h4.5v10H9zM4 6h1.5m5.5 0h1.5M4 9h1.5m5.5 0h1.5',
  export: 'M8 10V2.5M5 5l3-3 3 3M3 9v4.5h10V9',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.8-4M2.5 2v2.8h2.8M8 5v3.200l2.200 1.300',
  back: 'M10 3 5 8l5 5',
  forward: 'M6 3l5 5-5 5',
  close: 'M4 4l8 8m0-8-8 8',
  log: 'M3 3.5h10M3 6.5h10M3 9.5h7M3 12.5h9',
} as const;

export type IconName = keyof typeof icons;
