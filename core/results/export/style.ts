// SPDX-License-Identifier: MIT

const LIGHT = '--text:#1f2328;--dim:#59636e;--border:#d1d9e0;--page:#ffffff;--panel:#f6f8fa;--good:#116329;--bad:#b3261e;--warn:#7d4e00;--user:#ddf4ff;--kernel:#fff1d6;--hole:#f0f0f0';
const DARK = '--text:#e6edf3;--dim:#9da7b3;--border:#3d444d;--page:#0d1117;--panel:#161b22;--good:#56d364;--bad:#ff8178;--warn:#e3b341;--user:#10314f;--kernel:#3d2c0b;--hole:#22272e';
const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace';

/** How drawings look outside of an editor, in light and dark and on paper. */
export const DRAWING_STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{${LIGHT}}}
svg{display:block;max-width:100%;height:auto;font:12px ${MONO}}
svg text{fill:var(--text)}
.timeline :is(.task,.time),.addresses :is(.border,.pointer-address){fill:var(--dim)}
.timeline :is(.lane,.axis,.tick){stroke:var(--border)}
.bar rect{fill:var(--panel);stroke:var(--dim)}
.bar.agree rect{stroke:var(--good)}
.bar.differ rect{stroke:var(--bad);stroke-width:2}
.mark path{fill:var(--dim)}
.mark.error path{fill:var(--bad)}
.mark.warning path{fill:var(--warn)}
.area{stroke:var(--border);fill:var(--kernel)}
.area.user{fill:var(--user)}
.area.hole{fill:var(--hole)}
.limit{stroke:var(--text);stroke-width:2}
.arrow{fill:none;stroke:var(--text);stroke-width:1.5}
.arrow.wrong{stroke:var(--bad)}
.pointer{font-weight:600}
.pointer.wrong{fill:var(--bad)}
`;

/** The rest of the report's page. */
export const REPORT_STYLE = `${DRAWING_STYLE}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:24px 20px 64px;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1,h2,h3,p,ul,ol,dl,dd,pre{margin:0;padding:0}
h1{font-size:1.6em}
h2{margin-top:36px;font-size:1.2em}
h3{margin-top:16px;font-size:1em}
h1,code,pre,td,th[scope=row],dd{overflow-wrap:anywhere}
code,pre,.mono{font-family:${MONO};font-size:.9em}
dl.facts{display:flex;flex-wrap:wrap;gap:4px 32px;margin-top:8px}
dt,.dim,caption,th[scope=col]{color:var(--dim);font-size:.9em;font-weight:400}
.summary{margin:20px 0;padding:12px 16px;border:1px solid var(--border);border-left:4px solid var(--dim);border-radius:3px}
.summary.good{border-left-color:var(--good)}
.summary.bad{border-left-color:var(--bad)}
.headline{font-size:1.2em;font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin-top:8px}
caption{text-align:left}
th,td{padding:4px 16px 4px 0;border-bottom:1px solid var(--border);text-align:left;vertical-align:top}
table.calls{width:100%}
.differ{color:var(--bad);font-weight:600}
.agree{color:var(--good)}
.call{margin-top:20px;padding-top:14px;border-top:1px solid var(--border);break-inside:avoid}
.call ul{padding-left:20px}
.why{margin-top:6px;font-weight:600}
.why+.why{font-weight:400}
pre{padding:8px 12px;background:var(--panel);border-radius:3px;white-space:pre-wrap}
.changed td{font-weight:600}
@media print{body{max-width:none;padding:0;font-size:11px}.call,tr{break-inside:avoid}}
`;
