// SPDX-License-Identifier: MIT

/** What the setting kmodlab.host takes. A name never begins with a hyphen: it must not be read as an option of ssh. */
export const HOST_ID = /^(local|guest|(guest|ssh):[^\s-]\S*)$/;
