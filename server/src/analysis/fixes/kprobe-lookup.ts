// SPDX-License-Identifier: MIT
import { namesIn } from './statements';
import { Edits, editable } from './edits';
import { requireExports } from './exported';
import type { Fixer } from './fix';
import { NotFixable } from './text-edit';
import { callsOf, nameAt } from './references';

const LOOKUP = 'kallsyms_lookup_name';

/** kallsyms_lookup_name() by the address that a kprobe on it learns, called without an indirect call. */
export const kprobeLookup: Fixer = ({ finding, program }) => {
  if (nameAt(finding, program) !== LOOKUP) return null;
  requireExports(program, ['__static_call_update', 'register_kprobe', 'unregister_kprobe']);
  const uses = program.units.flatMap((unit) =>
    unit.syntax.functions.flatMap((definition) => callsOf({ definition, unit }, new RegExp(`^${LOOKUP}$`)).map((call) => ({ place: { definition, unit }, at: call.callee }))),
  );
  const isInData = program.units.some((unit) => unit.syntax.globals.some(({ initializer }) => initializer && namesIn(initializer).some(({ name }) => name === LOOKUP)));
  const files = new Set(uses.map(({ place, at }) => editable(place.unit, at).file));
  const [file, ...others] = files;
  const [first] = [...uses].sort((a, b) => a.at.start - b.at.start);
  if (!file || !first || others.length > 0 || isInData) throw new NotFixable();
  const edits = new Edits();
  const name = edits.helper(first.place, 'lookup_symbol', helperCode);
  edits.include(file, 'linux/kprobes.h', 'linux/static_call.h');
  for (const { place, at } of uses) edits.replace(editable(place.unit, at), name);
  return {
    id: 'kprobe-lookup',
    title: 'Find it by a kprobe on kallsyms_lookup_name',
    isPreferred: true,
    note: 'It finds sys_call_table only on kernels with CONFIG_KALLSYMS_ALL, and nothing on kernels without kprobes.',
    edits,
  };
};

function helperCode(name: string): string {
  return `static unsigned long ${name}_nothing(const char *name)
{
	return 0;
}

DEFINE_STATIC_CALL(${name}_call, ${name}_nothing);

/*
 * kallsyms_lookup_name(), which is not exported since 5.7; a kprobe learns its address. With IBT an indirect
 * call to an address from a kprobe is fatal: a static call is patched into a direct one.
 */
static unsigned long ${name}(const char *name)
{
	struct kprobe probe = { .symbol_name = "${LOOKUP}" };

	if (register_kprobe(&probe))
		return 0;
	static_call_update(${name}_call, (unsigned long (*)(const char *))probe.addr);
	unregister_kprobe(&probe);
	return static_call(${name}_call)(name);
}
`;
}
