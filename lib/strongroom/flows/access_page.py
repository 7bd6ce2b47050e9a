"""The access matrix as one page: a table that is searched as one types. It loads nothing from anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from html import escape

from strongroom.govern.matrix import View

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1c1c1c;background:#fff}
input{font:inherit;width:100%;max-width:40rem;padding:.5rem}
table{border-collapse:collapse;margin-top:1rem;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ddd}
@media (prefers-color-scheme:dark){body{background:#161616;color:#eee}th,td{border-color:#444}}
"""
_SCRIPT = """
const rows=JSON.parse(document.getElementById('cells').textContent),most=500;
const words=rows.map(row=>row.join(' ').toLowerCase());
const body=document.querySelector('tbody'),count=document.getElementById('count'),field=document.querySelector('input');
function show(){
  const wanted=field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const found=rows.filter((row,at)=>wanted.every(word=>words[at].includes(word)));
  body.replaceChildren(...found.slice(0,most).map(row=>{
    const line=document.createElement('tr');
    for(const text of row){const cell=document.createElement('td');cell.textContent=text;line.append(cell)}
    return line}));
  count.textContent=found.length+' of '+rows.length+(found.length>most?', the first '+most+' shown':'');
}
field.addEventListener('input',show);show();
"""
_HEADS = ("who", "may", "table", "columns", "purpose", "shown", "rows", "until", "enforced", "by")

_WAYS = (
    "How a column is shown: in clear; a token (keyed hash), encrypted, masked or generalised, as its contract made it; "
    "behind a mask of the policy; or unknown."
)


def page(views: Iterable[View], *, policy: str, at: datetime, notes: Iterable[str] = ()) -> str:
    """The page. Whoever is given the same columns of a table in the same way for the same purposes shares a line.

    `notes` are sentences on what the lines do not say: what they are limited to, and what is not known.
    """
    lines = [line for view in views for line in _lines(view)]
    data = json.dumps(sorted(lines), ensure_ascii=False).replace("<", "\\u003c")
    heads = "".join(f"<th scope=col>{head}" for head in _HEADS)
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Who may do what</title>'
        f"<style>{_STYLE}</style><main><h1>Who may do what</h1>"
        f"<p>Policy {escape(policy)}, {at:%Y-%m-%d %H:%M} UTC. {escape(_WAYS)}</p>{told}"
        '<p><label>Search <input type="search" placeholder="for example: ada email"></label></p>'
        f'<p id="count" role="status"></p><table><thead><tr>{heads}</thead><tbody></tbody></table></main>'
        f'<script type="application/json" id="cells">{data}</script><script>{_SCRIPT}</script></html>'
    )


def _lines(view: View) -> list[list[str]]:
    purposes: dict[str, list[str]] = {}
    for who, purpose in view.holders:
        purposes.setdefault(who, []).append(purpose or "(none said)")
    alike: dict[tuple[str, ...], list[str]] = {}
    for who, named in purposes.items():
        alike.setdefault(tuple(named), []).append(who)
    return [
        [
            ", ".join(people), view.action, view.table, ", ".join(part.columns), ", ".join(named), part.how,
            part.rows or "all",             part.until or "no end", view.level, ", ".join(view.rules),
        ]
        for named, people in alike.items()
        for part in view.parts
    ]  # fmt: skip
