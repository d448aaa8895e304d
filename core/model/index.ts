// SPDX-License-Identifier: MIT
export * from './analysis';
export * from './failure';
export * from './project-settings';
export * from './rules';
export * from './session';
export * from './text';
