/** The style of our pages: light and dark as the reader's system is, narrow and wide, and on paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --sheet: #ffffff; --ink: #17202b; --soft: #526072; --rule: #dbe1e8; --panel: #f1f4f7;
  --good: #12683d; --bad: #b3221a; --unknown: #8a5100; --s0: #1d5fb0; --s1: #8a4f9e; --mark: #ffe3a3;
  --track: #e4e9ef; --store: #6d7f95; --restore: #1d5fb0; --proof: #12806a; --d1: #a9cbf0; --d2: #5c98dc; --d3: #1d5fb0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f141a; --sheet: #161d26; --ink: #e3e8ee; --soft: #a0acba; --rule: #2c3743; --panel: #1c2530;
    --good: #5fcb93; --bad: #ff9188; --unknown: #e8b75f; --s0: #7fb4f3; --s1: #cf9be0; --mark: #5c4a17;
    --track: #2a3440; --store: #8fa0b5; --restore: #7fb4f3; --proof: #58c7ae; --d1: #2a4d75; --d2: #4680bd; --d3: #8ec0fa;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 28px clamp(14px, 4vw, 40px) 48px; max-width: 1080px; background: var(--ground); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
h1, h2, h3, p, ul, dl, dd, figure, pre { margin: 0; }
a { color: inherit; }
.brand { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 2px 16px; color: var(--soft); font-size: 13px; }
.brand b { color: var(--ink); font-weight: 600; }
.verdict, section { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; }
.verdict { margin-top: 14px; padding: clamp(18px, 3.5vw, 32px); border-top: 5px solid var(--tone); }
.plain { --tone: var(--s0); } .passed { --tone: var(--good); } .failed { --tone: var(--bad); } .could-not-verify { --tone: var(--unknown); }
.verdict h1 { display: flex; align-items: center; gap: 14px; font-size: clamp(28px, 5.5vw, 42px); line-height: 1.15; font-weight: 650;
  letter-spacing: -.02em; color: var(--tone); }
.verdict h1 svg { flex: none; width: .95em; height: .95em; fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round;
  stroke-linejoin: round; }
.verdict h1 + ul { margin-top: 12px; } .verdict .what { margin-top: 10px; font-size: 17px; }
.verdict .which { margin-top: 6px; color: var(--soft); } .which bdi { color: var(--ink); font-weight: 600; }
.tiles { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 14px 28px; margin-top: 22px; padding-top: 18px;
  border-top: 1px solid var(--rule); }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { font-size: 19px; white-space: nowrap; font-weight: 600; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles .good { color: var(--good); } .tiles .bad { color: var(--bad); } .tiles .unknown { color: var(--unknown); }
section { margin-top: 16px; padding: clamp(16px, 3vw, 26px); }
section.left-out { border-left: 5px solid var(--unknown); }
h2 { font-size: 18px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin-bottom: 12px; }
h3 { font-size: 15px; font-weight: 600; }
h2 .count { color: var(--soft); font-weight: 400; }
ul { padding-left: 20px; } li + li { margin-top: 4px; }
.note { color: var(--soft); font-size: 13.5px; max-width: 78ch; } * + .note { margin-top: 10px; } code + .note { margin-top: 2px; } .note + * { margin-top: 10px; }
bdi, code, pre, li, td, th, dd { unicode-bidi: isolate; overflow-wrap: anywhere; } td { overflow-wrap: break-word; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { position: relative; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
td.number + :not(.number), th.number + :not(.number) { padding-left: 14px; }
.name, time { white-space: nowrap; }
td.chart { padding-top: 0; padding-bottom: 0; vertical-align: middle; }
thead th { color: var(--soft); font-size: 13px; padding-top: 0; overflow-wrap: normal; }
.number { text-align: right; white-space: nowrap; } .wide { width: 55%; } th.chart, td.chart { width: 60%; }
.tone, .flag { color: var(--tone); font-weight: 600; } .tone { white-space: nowrap; }
.group { border-top: 1px solid var(--rule); padding-top: 16px; margin-top: 18px; }
h2 + .group, .codes + .group { margin-top: 0; }
.group h3 { color: var(--tone); }
.group h3 code { font-size: 14px; font-weight: 600; }
.group h3 .count { color: var(--soft); font-weight: 400; }
.finding { margin-top: 14px; padding: 12px 14px; background: var(--panel); border-radius: 8px; break-inside: avoid; }
.finding .object { font-weight: 600; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 8px 20px; margin-top: 8px; }
.sides dt { color: var(--soft); font-size: 13px; }
.sides dd { min-width: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 420px; overflow: auto; }
mark { background: var(--mark); color: inherit; border-radius: 2px; }
.remedy { margin-top: 4px; max-width: 78ch; } .remedy b { font-weight: 600; }
details { margin-top: 14px; } summary { cursor: pointer; color: var(--soft); width: fit-content; } summary:hover { color: var(--ink); }
details[open] > summary { margin-bottom: 10px; }
:focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; border-radius: 2px; }
.measures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 22px 40px; }
.measures .value { font-size: 26px; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.measures .budget-line { display: flex; justify-content: space-between; gap: 12px; font-size: 13.5px; color: var(--soft); }
.state { font-weight: 600; } .state.within { color: var(--good); } .state.over { color: var(--bad); } .state.unknown { color: var(--unknown); }
svg { display: block; overflow: visible; } .legend svg, summary svg { display: inline-block; vertical-align: middle; }
.grid { stroke: var(--rule); stroke-width: 1; } .tick { fill: var(--soft); font-size: 12px; }
.swatch { stroke: none; } .swatch.s0, .swatch.s1 { fill: var(--c); }
.series { stroke: var(--c); stroke-width: 2; stroke-linecap: round; } .dot { fill: var(--c); stroke: var(--sheet); stroke-width: 1.5; }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); }
.cross path { stroke: var(--bad); stroke-width: 2.5; stroke-linecap: round; }
line.limit { stroke: var(--unknown); stroke-width: 1.5; stroke-dasharray: 5 4; } text.limit { fill: var(--unknown); font-size: 12px; }
.track { fill: var(--track); } .bar { fill: var(--s0); } .good { fill: var(--good); } .bad { fill: var(--bad); }
.budget { stroke: var(--ink); stroke-width: 2.5; }
.store { fill: var(--store); } .restore { fill: var(--restore); } .proof { fill: var(--proof); } .total { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.year { display: flex; flex-wrap: wrap; gap: 14px 24px; } .year > svg { flex: 1 1 280px; min-width: 0; }
.day { fill: var(--track); } .day.one { fill: var(--d1); } .day.some { fill: var(--d2); } .day.many { fill: var(--d3); }
.day.partial { fill: var(--sheet); stroke: var(--d2); stroke-dasharray: 2 2; } .day.before { fill: var(--s1); }
.drill circle { fill: var(--tone); stroke: var(--sheet); stroke-width: 1; } .drill path { fill: none; stroke: var(--sheet); stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); gap: 26px 40px; } .charts figure { margin: 0; }
figure + .scroll { margin-top: 18px; } .month { margin-bottom: 10px; } td .note, td .flag { margin-top: 2px; } td .note, td bdi { overflow-wrap: anywhere; } small { color: var(--soft); font-size: 13.5px; } .narrow { display: none; } .legend.below { margin: 12px 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--soft); font-size: 13.5px; margin-bottom: 8px; }
figure + figure { margin-top: 26px; } figure h3 { margin-bottom: 8px; }
.facts > div { display: grid; grid-template-columns: minmax(120px, 200px) 1fr; gap: 4px 20px; padding: 7px 0; border-bottom: 1px solid var(--rule); }
.facts > div:last-child { border-bottom: 0; } .facts dt { color: var(--soft); } .facts dd { min-width: 0; }
.size { display: block; margin-top: 4px; }
footer { margin-top: 20px; color: var(--soft); font-size: 13px; }
@media (max-width: 560px) {
  .facts > div { grid-template-columns: 1fr; gap: 0; }
  table { font-size: 14px; } th, td { padding-right: 7px; } thead th { font-size: 12.5px; }
  td.number + :not(.number), th.number + :not(.number) { padding-left: 5px; }
  .extra, .between { display: none; } .narrow { display: block; }
  .tone, table time { white-space: normal; } table time span { white-space: nowrap; }
  .tiles { display: grid; grid-template-columns: 1fr 1fr; gap: 14px 20px; }
}
@media print {
  :root {
    --ground: #fff; --sheet: #fff; --ink: #000; --soft: #444; --rule: #ccc; --panel: #f4f4f4; --good: #12683d; --bad: #b3221a; --unknown: #7a4700;
    --s0: #1d5fb0; --s1: #8a4f9e; --mark: #ffe3a3; --track: #ddd; --store: #6d7f95; --restore: #1d5fb0; --proof: #12806a; --d1: #a9cbf0; --d2: #5c98dc; --d3: #1d5fb0;
  }
  @page { margin: 16mm 14mm; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .verdict, section { border-radius: 0; }
  section { border-width: 1px 0 0; padding: 12px 0 0; }
  section.left-out { padding-left: 12px; }
  .tiles { gap: 10px 14px; } .tiles dd { font-size: 16px; }
  .group > h3, .group > p, .legend { break-after: avoid; } section:has(td.chart) { break-inside: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  h2, h3, thead { break-after: avoid; } p, tr, figure, .verdict, .measures > div { break-inside: avoid; }
  pre { max-height: none; overflow: visible; }
  .scroll { overflow: visible; }
  details:not(.printed) { display: none; }
  details.printed::details-content { content-visibility: visible; display: block; height: auto; }
}
`;
