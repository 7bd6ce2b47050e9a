"""The access matrix as one page: a table that is searched as one types. It loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from strongroom.core.escaping import visible
from strongroom.govern.review.matrix import ActionView
from strongroom.reports.markup import Markup, data_island, element

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
    for(const text of row){
      const cell=document.createElement('td');cell.dir='auto';cell.textContent=text;line.append(cell)}
    return line}));
  count.textContent=found.length+' of '+rows.length+(found.length>most?', the first '+most+' shown':'');
}
field.addEventListener('input',show);show();
"""
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Who may do what</title><style>{style}</style>{body}{data}<script>{script}</script></html>"
)
_HEADS = ("who", "may", "table", "columns", "purpose", "shown", "rows", "until", "enforced", "by")

_WAYS = (
    "How a column is shown: in clear; a token (keyed hash), encrypted, masked or generalised, as its contract made it; "
    "behind a mask of the policy; or unknown."
)


def page(views: Iterable[ActionView], *, policy: str, at: datetime, notes: Iterable[str] = ()) -> str:
    """The page. Whoever is given the same columns of a table in the same way for the same purposes shares a line.

    `notes` are sentences on what the lines do not say: what they are limited to, and what is not known.
    """
    lines = [line for view in views for line in _lines(view)]
    heads = (element("th", head, scope="col") for head in _HEADS)
    body = element(
        "main",
        element("h1", "Who may do what"),
        element("p", f"Policy {policy}, {at:%Y-%m-%d %H:%M} UTC. {_WAYS}"),
        *(element("p", note) for note in notes),
        Markup('<p><label>Search <input type="search" placeholder="for example: ada email"></label></p>'),
        Markup('<p id="count" role="status"></p>'),
        element("table", element("thead", element("tr", *heads)), element("tbody")),
    )
    shown = [[visible(text) for text in line] for line in sorted(lines)]
    return _PAGE.format(style=_STYLE, body=body, data=data_island("cells", shown), script=_SCRIPT)


def _lines(view: ActionView) -> list[list[str]]:
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
