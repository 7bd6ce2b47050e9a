"""The look of a report: one style sheet, in light, dark and print. A Python text, so that it travels in any archive.

Colours are from Okabe and Ito's palette, which colour-blind readers tell apart (https://jfly.uni-koeln.de/color/), made
darker or lighter until text has a contrast of 4.5 and shapes of 3 (WCAG 2.2, AA). Dark is for screens: print is light.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --sheet: #f5f5f1; --ink: #1c2126; --soft: #59626b; --line: #dcdcd5; --track: #e9e9e3;
  --good: #0a6ea8; --bad: #b84a00; --care: #8a6100; --idle: #7a838b; --before: #7a838b; --after: #0a6ea8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, Charter, Georgia, "Liberation Serif", serif;
  --sans: -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --sheet: #1d2125; --ink: #e6e8ea; --soft: #a3acb5; --line: #353b41; --track: #2a3035;
    --good: #56b4e9; --bad: #f0884a; --care: #e6b84a; --idle: #8a949d; --before: #8a949d; --after: #56b4e9;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body {
  margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 var(--sans);
  font-variant-numeric: tabular-nums lining-nums; overflow-wrap: break-word;
}
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 0 1.5rem; }
h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.15; margin: 0; text-wrap: balance; }
h1 { font-size: 2.4rem; letter-spacing: -.01em; }
h2 { font-size: 1.5rem; }
p { margin: .4rem 0; max-width: 44rem; text-wrap: pretty; }
a { color: inherit; text-underline-offset: .2em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--good); outline-offset: 3px; border-radius: 2px; }
small { display: block; color: var(--soft); font-size: .8125rem; }
.name { font-family: var(--mono); font-size: .875em; unicode-bidi: isolate; overflow-wrap: anywhere; }
small .name { font-size: .96em; }
.soft { color: var(--soft); }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; padding: .4rem .8rem; background: var(--paper); z-index: 1; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header { padding-top: 3rem; }
.over { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 2rem; margin: 0 0 .5rem; max-width: none;
  color: var(--soft); font-size: .875rem; }
.verdict { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 1.1rem; margin: 1.75rem 0 0;
  padding: 1.4rem 1.5rem; background: var(--sheet); border-left: 4px solid var(--tone); border-radius: 2px; }
.verdict.yes { --tone: var(--good); } .verdict.care { --tone: var(--care); } .verdict.no { --tone: var(--bad); }
.verdict > svg { width: 2.1rem; height: 2.1rem; color: var(--tone); }
.sign { fill: none; stroke: var(--sheet); stroke-width: 2.2; stroke-linecap: round; }
.verdict h2 { font-size: 1.6rem; padding-top: .1rem; }
.verdict ul { margin: .6rem 0 0; padding-left: 1.1rem; }
.verdict li { margin: .2rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.25rem, 1fr)); margin: 1.75rem 0 0;
  border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
.tiles div { padding: .9rem 1rem .9rem 0; }
.tiles dt { color: var(--soft); font-size: .8125rem; }
.tiles dd { margin: 0; font-size: 1.5rem; line-height: 1.25; }
.tiles dd small { font-size: .8125rem; }
.bad-text { color: var(--bad); } .care-text { color: var(--care); } .good-text { color: var(--good); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: 1.1rem 0 0;
  font-size: .875rem; }
nav a { color: var(--soft); }

section { margin: 3.25rem 0 0; }
section > h2 { padding-bottom: .5rem; }
section > p { color: var(--soft); }
.wide { overflow-x: auto; margin-top: .9rem; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding: 0 0 .4rem; }
th, td { text-align: left; vertical-align: top; padding: .55rem 1rem .55rem 0; border-bottom: 1px solid var(--line);
  font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
tbody th { min-width: 8rem; overflow-wrap: anywhere; }
td { min-width: 4rem; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: .8125rem; padding-top: 0; vertical-align: bottom; }
.figure { text-align: right; white-space: nowrap; overflow-wrap: normal; }
td.figure, th.figure { padding-left: .5rem; }
.figure .name { white-space: normal; }
.pic { width: 42%; min-width: 6rem; }
.wider { width: 72%; }
.keep { white-space: nowrap; overflow-wrap: normal; }
.asked { min-width: 9rem; }
.says { min-width: 14rem; }
.chip { display: inline-block; padding: 0 .45em; border: 1px solid var(--line); border-radius: 1em;
  color: var(--soft); font-size: .8125rem; white-space: nowrap; }
.chip.personal { background: var(--ink); border-color: var(--ink); color: var(--paper); }
.wide + p { margin-top: 1.1rem; }
.names { columns: 15rem; column-gap: 2rem; list-style: none; padding: 0; margin: .6rem 0 0; font-size: .875rem; }
.names li { break-inside: avoid; padding: .1rem 0; }

svg { display: block; }
.bar { width: 100%; margin: .42rem 0; overflow: visible; }
.line .bar { background: var(--track); border-radius: 1.5px; }
.good { fill: var(--good); } .bad { fill: var(--bad); } .idle { fill: var(--idle); } .care { fill: var(--care); }
.before { fill: var(--before); } .after { fill: var(--after); } .node { fill: var(--soft); }
.pair { display: grid; gap: .1rem; }
.line { display: grid; grid-template-columns: 3rem minmax(3rem, 1fr) 4.2rem 7rem; align-items: center;
  column-gap: .6rem; line-height: 1.3; }
.gone { grid-column: span 2; text-align: right; font-size: .875rem; }
.line .bar { margin: 0; }
.word { color: var(--soft); font-size: .8125rem; }
.flowing { display: grid; grid-template-columns: auto minmax(4rem, 1fr) auto; align-items: center; column-gap: .9rem;
  margin-top: 1rem; }
.flow { width: 100%; }
.band { opacity: .38; }
.from, .to > div { display: flex; flex-direction: column; justify-content: center; line-height: 1.25; }
.from { text-align: right; }
.flowing span { color: var(--soft); font-size: .875rem; }
.flowing .figure { text-align: inherit; font-size: 1.15rem; font-weight: 600; }
.sparks { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1.25rem 2rem;
  margin: 1rem 0 0; }
.sparks dt { color: var(--soft); font-size: .875rem; }
.sparks dd { margin: 0; }
.sparks strong { font-size: 1.25rem; font-weight: 600; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: .5rem; margin: .2rem 0; }
.scale { display: flex; flex-direction: column; justify-content: space-between; align-items: end; line-height: 1;
  min-width: 2.9rem; color: var(--soft); font-size: .75rem; white-space: nowrap; }
.spark { width: 100%; max-width: 15rem; overflow: visible; }
.ground { stroke: var(--line); stroke-width: 1; }
.trace { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.trace.good { stroke: var(--good); } .trace.bad { stroke: var(--bad); } .trace.idle { stroke: var(--idle); }
.spreads { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 2rem 2.5rem;
  list-style: none; padding: 0; margin: 1.2rem 0 0; }
.spreads li { break-inside: avoid; min-width: 0; }
.spreads .called { margin: 0; font-size: .9375rem; font-weight: 600; overflow-wrap: anywhere; }
.spreads small { margin-bottom: .3rem; }
.spread { width: 100%; height: 4.1rem; overflow: visible; }
.outline { fill: none; stroke: var(--ink); stroke-width: 1.3; vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; gap: .6rem; margin-left: 3.4rem; color: var(--soft);
  font-size: .8125rem; line-height: 1.35; }
.ends span { min-width: 0; overflow-wrap: anywhere; }
.ends span:nth-child(2) { text-align: center; color: var(--ink); } .ends span:last-child { text-align: right; }
.spreads .line { grid-template-columns: minmax(4.5rem, 2fr) minmax(3rem, 3fr) 3.6rem; }
.spreads .line { font-size: .875rem; padding: .1rem 0; }
.spreads .line .name { font-size: 1em; overflow-wrap: anywhere; }
.was { stroke: var(--ink); stroke-width: 2; }
.key { display: inline-block; width: .9em; height: .7em; background: var(--after); margin-right: .3em; }
.key.was { background: none; height: 0; border-top: 2px solid var(--ink); vertical-align: .25em; }
.facts { display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr); gap: .35rem 1.5rem;
  margin: .9rem 0 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
footer { margin-top: 4rem; padding-top: 1rem; padding-bottom: 3rem; color: var(--soft); font-size: .875rem; }

@media (max-width: 36rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.9rem; }
  .verdict { grid-template-columns: minmax(0, 1fr); padding: 1.1rem; row-gap: .5rem; }
  .facts { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .line { grid-template-columns: 2.8rem minmax(2rem, 1fr) 3.8rem 6.6rem; column-gap: .4rem; }
  .facts dd { margin-bottom: .6rem; }
}
@media screen and (max-width: 40rem) {
  /* A line of a table becomes a list: its name, then each cell with its heading; a bar stands beside its figures. */
  table, tbody { display: block; }
  caption { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tr { display: block; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  tbody th, tbody td { display: block; width: auto; min-width: 0; padding: .1rem 0; border: 0; text-align: left;
    white-space: normal; overflow-wrap: anywhere; }
  tbody td, tbody td.figure { position: relative; padding-left: 7.5rem; min-height: 1.7em; text-align: left; }
  .chip { white-space: normal; overflow-wrap: anywhere; }
  tbody td::before { content: attr(data-head); position: absolute; left: 0; width: 7rem; color: var(--soft);
    font-size: .8125rem; line-height: 1.7; }
  tbody td.wider, tbody td.pic { padding-left: 0; }
  tbody td.wider::before, tbody td.pic::before { content: none; }
  .bars tr { display: grid; grid-template-columns: minmax(0, 1fr) 6.6rem 4.6rem; column-gap: .5rem;
    align-items: center; }
  .bars tbody th { grid-column: 1 / -1; }
  .bars tbody td, .bars tbody td.figure { padding-left: 0; text-align: right; white-space: nowrap; }
  .bars tbody td::before { content: none; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
@media (forced-colors: active) {
  .good, .bad, .care, .after, .band { fill: CanvasText; } .idle, .before, .node { fill: GrayText; }
  .trace { fill: none; stroke: CanvasText; }
}
@media print {
  @page { size: A4; margin: 16mm 15mm; }
  body { font-size: 10pt; background: none; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; }
  nav, .skip { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { margin-top: 1.6rem; }
  section > h2, section > p, caption, thead { break-after: avoid; }
  .tiles { grid-template-columns: repeat(6, auto); }
  .sparks { grid-template-columns: repeat(4, 1fr); }
  th, td { padding-top: .32rem; padding-bottom: .32rem; }
  footer { margin-top: 1rem; padding-bottom: 0; }
  tr, .flowing, .sparks, .tiles, .verdict { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; }
}
"""
