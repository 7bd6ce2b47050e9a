"""The access matrix as one page: a table that is searched as one types. It loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePath

from strongroom.core.escaping import visible
from strongroom.govern.review.matrix import WHOLE, ActionView
from strongroom.reports.markup import Markup, data_island, document, element
from strongroom.reports.page.style import STYLE
from strongroom.reports.phrases import enforced, seen_as

_OWN_STYLE = """
main { padding-bottom: 3rem; }
input { font: inherit; width: 100%; max-width: 40rem; padding: .5rem; color: inherit; background: var(--sheet);
  border: 1px solid var(--soft); border-radius: 2px; }
label { color: var(--soft); font-size: .875rem; }
summary { cursor: pointer; }
@media screen and (min-width: 40.01rem) {
  header, main { max-width: 76rem; }
  tbody td, tbody th { min-width: 6rem; }
  td:nth-child(n + 4) { min-width: 11rem; }
}
.listed { font-family: var(--mono); font-size: .8125rem; }
"""
_SCRIPT = """
const rows=JSON.parse(document.getElementById('cells').textContent),most=500,few=12;
const heads=[...document.querySelectorAll('thead th')].map(head=>head.textContent);
const words=rows.map(row=>row.flat(2).join(' ').toLowerCase());
const body=document.querySelector('tbody'),count=document.getElementById('count'),field=document.querySelector('input');
function part(tag,text,kind){
  const made=document.createElement(tag);made.dir='auto';made.textContent=text;if(kind)made.className=kind;return made}
function row(tag,names,end,kind){
  const made=document.createElement(tag);if(kind)made.className=kind;
  names.forEach((name,at)=>made.append(at?', ':'',part('bdi',name)));made.append(end);return made}
function listed(names){
  if(names.length<=few)return row('small',names,'','listed');
  const made=document.createElement('details');made.className='listed';
  made.append(row('summary',names.slice(0,few),' and '+(names.length-few)+' more'),row('span',names.slice(few),''));
  return made}
function show(){
  const wanted=field.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const found=rows.filter((row,at)=>wanted.every(word=>words[at].includes(word)));
  body.replaceChildren(...found.slice(0,most).map(row=>{
    const line=document.createElement('tr');
    row.forEach(([main,more,names],at)=>{
      const cell=document.createElement(at?'td':'th');
      if(at)cell.dataset.head=heads[at];else cell.scope='row';
      cell.append(part('span',main));
      if(more)cell.append(part('small',more));
      if(names.length)cell.append(listed(names));
      line.append(cell)});
    return line}));
  count.textContent=found.length+' of '+rows.length+(found.length>most?', the first '+most+' shown':'');
}
field.addEventListener('input',show);show();
"""
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_POLICY = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
)
_HEADS = ("Role", "May", "Of", "How it is shown", "What for", "Until")

_ACTIONS = {
    "read": "read", "write": "write", "delete": "delete", "reveal": "open what is protected",
    "erase": "forget a person", "grant": "change who may what", "act": "act as somebody else",
}  # fmt: skip

_Cell = tuple[str, str, tuple[str, ...]]
"""What stands first, what stands small below it, and names that are listed below that."""


def page(views: Iterable[ActionView], *, policy: str, at: datetime, notes: Iterable[str] = ()) -> str:
    """The page. Whoever is given the same columns of a table in the same way for the same purposes shares a line.

    `notes` are sentences on what the lines do not say: what they are limited to, and what is not known.
    """
    lines = [line for view in views for line in _lines(view)]
    heads = (element("th", head, scope="col") for head in _HEADS)
    whole = element(
        "table",
        element("caption", element("span", "Who may do what", class_="unseen")),
        element("thead", element("tr", *heads)),
        element("tbody"),
    )
    body = element(
        "body",
        element(
            "header",
            element("p", element("span", "Strongroom · a policy"), f"{at:%-d %B %Y, %H:%M} UTC", class_="over"),
            element("h1", "Who may do what"),
            element("p", f"Policy {policy}: a line for each way in which somebody is given something."),
            *(element("p", note) for note in notes),
        ),
        element(
            "main",
            Markup('<p><label>Search <input type="search" placeholder="for example: ada email"></label></p>'),
            Markup('<p id="count" role="status">The lines are put here by a script of this page.</p>'),
            element("div", whole, class_="wide", role="group", aria_label="Who may do what", tabindex="0"),
        ),
        data_island("cells", [[_visible(cell) for cell in line] for line in sorted(lines)]),
        Markup(f"<script>{_SCRIPT}</script>"),
    )
    return document("Who may do what", body, style=STYLE + _OWN_STYLE, policy=_POLICY)


def _lines(view: ActionView) -> list[tuple[_Cell, ...]]:
    purposes: dict[str, list[str]] = {}
    for who, purpose in view.holders:
        purposes.setdefault(who, []).append(purpose or "no purpose named")
    alike: dict[tuple[str, ...], list[str]] = {}
    for who, named in purposes.items():
        alike.setdefault(tuple(named), []).append(who)
    kept = f"kept {enforced(view.level)}; {', '.join(map(_short, view.rules))}"
    return [
        (
            (", ".join(view.roles), ", ".join(people), ()),
            (_ACTIONS[view.action], "", ()),
            (view.table, "", () if part.columns == (WHOLE,) else part.columns),
            (seen_as(part.how), f"only rows where {part.rows}" if part.rows else "", ()),
            (", ".join(named), "", ()),
            (part.until or "no end", kept, ()),
        )
        for named, people in alike.items()
        for part in view.parts
    ]


def _short(rule: str) -> str:
    """`policy.yaml:53`, wherever the file lies."""
    return PurePath(rule).name


def _visible(cell: _Cell) -> list[object]:
    main, more, names = cell
    return [visible(main), visible(more), [visible(name) for name in names]]
