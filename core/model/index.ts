// SPDX-License-Identifier: MIT
export * from './analysis';
export * from './failure';
export * from './session';
export * from './text';
