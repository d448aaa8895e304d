// SPDX-License-Identifier: MIT

const ALLOCATES =
  /^(?:(?:devm_)?(?:k[mzc]alloc|kv[mzc]alloc|kstrn?dup|kmemdup|kv?asprintf)\w*|kmem_cache_z?alloc\w*|v[mz]alloc\w*|__get_free_pages?|get_zeroed_page|memdup_user\w*|strndup_user|page_address)$/;
const COPIES = /dup|page_address/;

/** Whether a function of the kernel gives memory of the kernel, or NULL. */
export function isAllocator(name: string): boolean {
  return ALLOCATES.test(name);
}

/** Whether nobody else has written to that memory yet. */
export function givesFreshMemory(name: string): boolean {
  return ALLOCATES.test(name) && !COPIES.test(name);
}
