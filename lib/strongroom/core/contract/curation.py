"""What a contract says of its texts as training data: the words of `curate` and their defaults.

The thresholds are those of the papers, as datatrove 0.10.1 has them: Gopher (arXiv 2112.11446, section A1), C4 (JMLR
21, 20-074, section 2.2), FineWeb (arXiv 2406.17557, section 3.6). `false` takes a check out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from strongroom.core.contract.model import Column, Curation
from strongroom.core.contract.vocabulary import check_keys, is_number, whole
from strongroom.core.findings import Findings
from strongroom.core.suggest import did_you_mean
from strongroom.core.yaml import Node

ENGLISH = "en"
"""What a text is taken for where nobody asks for its language."""

RULES: Mapping[str, Mapping[str, float | bool | tuple[str, ...]]] = {
    "gopher_quality": {
        "min_words": 50, "max_words": 100_000, "min_mean_letters": 3.0, "max_mean_letters": 10.0, "max_symbols": 0.1,
        "max_bullet_lines": 0.9, "max_ellipsis_lines": 0.3, "min_alphabetic": 0.8, "min_stop_words": 2,
        "stop_words": ("the", "be", "to", "of", "and", "that", "have", "with"),
    },
    "gopher_repetition": {
        "max_duplicate_paragraphs": 0.3, "max_duplicate_paragraph_letters": 0.2, "max_duplicate_lines": 0.3,
        "max_duplicate_line_letters": 0.2, "max_top_2": 0.2, "max_top_3": 0.18, "max_top_4": 0.16,
        "max_repeated_5": 0.15, "max_repeated_6": 0.14, "max_repeated_7": 0.13, "max_repeated_8": 0.12,
        "max_repeated_9": 0.11, "max_repeated_10": 0.1,
    },
    "c4": {
        "min_sentences": 5, "min_line_words": 3, "max_word_letters": 1000, "end_marks": True, "citations": True,
        "lorem_ipsum": True, "javascript": True, "curly_brackets": True, "policies": True,
    },
    "fineweb": {
        "min_ended_lines": 0.12, "max_short_lines": 0.67, "short_line": 30, "max_duplicate_line_letters": 0.01,
        "max_line_breaks": 0.3,
    },
}  # fmt: skip
"""Family → threshold → its published value. A whole number counts something, a fraction is a share or a mean, true asks
for a check of C4, and a list is words in small letters."""

KEYS = ("rules", "by_language", "languages", "duplicates", "contamination", "signals")
_KEYS = {
    "languages": ("keep", "least"),
    "duplicates": ("near", "words"),
    "contamination": ("file", "words"),
}
_LEAST_SURE = 0.65
NEAR, SHINGLE, CONTAMINATED = 0.8, 5, 13


def read_curation(node: Node | None, columns: Sequence[Column], findings: Findings) -> Curation | None:
    """The word `curate` of a contract; None where it says nothing of it."""
    if node is None or not check_keys(node, KEYS, "'curate'", findings):
        return None
    rules = dict(_families(node.get("rules"), findings))
    by_language = dict(_by_language(node.get("by_language"), rules, findings))
    languages, least = _languages(node.get("languages"), findings)
    exact, near, shingle = _duplicates(node.get("duplicates"), findings)
    file, words = _contamination(node.get("contamination"), findings)
    return Curation(
        rules=rules,
        by_language=by_language,
        languages=languages,
        least_sure=least,
        exact=exact,
        near=near,
        shingle=shingle,
        contamination=file,
        contamination_words=words,
        signals=dict(_signals(node.get("signals"), columns, findings)),
        line=node.line,
    )


def thresholds(curation: Curation, family: str, language: str) -> Mapping[str, object]:
    """The thresholds of a family for texts of a language: published, then the contract's, then those of the language.

    Stop words are of one language: where no list is given for another than English, nobody counts them.
    """
    mine, theirs = curation.rules.get(family, {}), curation.by_language.get(language, {}).get(family, {})
    found = {**RULES[family], **mine, **theirs}
    if family == "gopher_quality" and language != ENGLISH and "stop_words" not in {**mine, **theirs}:
        found["min_stop_words"] = False
    return found


def _families(node: Node | None, findings: Findings) -> Iterator[tuple[str, Mapping[str, object]]]:
    if node is None or not check_keys(node, tuple(RULES), "'rules'", findings):
        return
    for family, inside in node.fields.items():
        if family in RULES and (check_keys(inside, tuple(RULES[family]), repr(family), findings)):
            yield family, dict(_thresholds(family, inside, findings))


def _thresholds(family: str, node: Node, findings: Findings) -> Iterator[tuple[str, object]]:
    for name, value in node.fields.items():
        if name in RULES[family]:
            published = RULES[family][name]
            if (problem := _misfit(published, value.value)) and value.value is not False:
                findings.wrong_type(value, f"{name!r} is {problem}.", f"The published one is {_shown(published)}.")
            else:
                yield name, tuple(value.value) if isinstance(value.value, list) else value.value


def _misfit(published: object, value: object) -> str:
    """What a threshold is, where the value is something else."""
    if isinstance(published, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(published, tuple):
        fits = isinstance(value, list) and all(isinstance(word, str) and word == word.lower() for word in value)
        return "" if fits and value else "a list of words in small letters"
    if isinstance(published, int):
        number = whole(value)
        return "" if number is not None and number >= 0 else "a whole number"
    most = 1 if isinstance(published, float) and published < 1 else 1000
    fits = is_number(value) and 0 <= value <= most  # type: ignore[operator]
    return "" if fits else ("a share from 0 to 1" if most == 1 else "a number")


def _shown(published: object) -> str:
    return ", ".join(published) if isinstance(published, tuple) else str(published).lower()


def _by_language(
    node: Node | None, rules: Mapping[str, object], findings: Findings
) -> Iterator[tuple[str, Mapping[str, Mapping[str, object]]]]:
    if node is None:
        return
    if not isinstance(node.value, dict):
        findings.wrong_type(
            node, "'by_language' is a mapping of languages.", "For example {de: {c4: {min_sentences: 3}}}."
        )
        return
    for language, inside in node.fields.items():
        if not _is_language(language):
            findings.unknown_name(inside, f"{language!r} is no language.", "Write its code of two letters, as in 'de'.")
            continue
        for family, each in inside.fields.items():
            if family in RULES and family not in rules:
                findings.contradicts(each, f"{family!r} is not among the 'rules'.", "Name it there.")
        yield language, dict(_families(inside, findings))


def _is_language(word: object) -> bool:
    return isinstance(word, str) and len(word) == 2 and word.isascii() and word.isalpha() and word.islower()


def _languages(node: Node | None, findings: Findings) -> tuple[tuple[str, ...], float]:
    if node is None or not check_keys(node, _KEYS["languages"], "'languages'", findings):
        return (), 0.0
    keep, least = node.get("keep"), _share(node.get("least"), _LEAST_SURE, findings)
    for item in keep.items if keep else ():
        if not _is_language(item.value):
            findings.wrong_type(item, "A language is a code of two letters.", "For example 'en'.")
    if keep is None or not keep.items:
        findings.missing(keep or node, "'languages' keeps none.", "Write keep: [en].")
        return (), 0.0
    return tuple(str(item.value) for item in keep.items), least


def _duplicates(node: Node | None, findings: Findings) -> tuple[bool, float, int]:
    if node is None or not check_keys(node, _KEYS["duplicates"], "'duplicates'", findings):
        return False, 0.0, SHINGLE
    near = node.get("near")
    off = near is not None and near.value is False
    return True, 0.0 if off else _share(near, NEAR, findings), _count(node.get("words"), SHINGLE, findings)


def _contamination(node: Node | None, findings: Findings) -> tuple[str, int]:
    if node is None or not check_keys(node, _KEYS["contamination"], "'contamination'", findings):
        return "", CONTAMINATED
    file = node.get("file")
    if file is None or not isinstance(file.value, str) or not file.value:
        findings.missing(file or node, "'contamination' names no file.", "Write file: FILE, one text a line.")
        return "", CONTAMINATED
    return file.value, _count(node.get("words"), CONTAMINATED, findings)


def _signals(
    node: Node | None, columns: Sequence[Column], findings: Findings
) -> Iterator[tuple[str, tuple[str | bool | int, ...]]]:
    if node is None:
        return
    if not isinstance(node.value, dict):
        findings.wrong_type(node, "'signals' is a mapping of columns.", "For example {licence: [cc0, cc-by-4.0]}.")
        return
    known = {column.name: column for column in columns}
    for name, allowed in node.fields.items():
        column = known.get(name)
        if column is None:
            findings.unknown_name(allowed, f"The contract has no column {name!r}.", did_you_mean(name, list(known)))
        elif column.method != "keep" or column.type.name not in _SIGNALS:
            what = f"{name!r} cannot be a signal: it is not kept, or is neither a text, a whole number nor a boolean."
            findings.misfit(allowed, what, "Choose another column.")
        elif not allowed.items or not all(isinstance(each.value, _SIGNALS[column.type.name]) for each in allowed.items):
            findings.wrong_type(allowed, f"What {name!r} may be is a list of values of its type.", "For example [cc0].")
        else:
            yield name, tuple(each.value for each in allowed.items)


_SIGNALS: Mapping[str, type] = {
    "string": str, "boolean": bool, "tinyint": int, "smallint": int, "int": int, "bigint": int,
}  # fmt: skip


def _share(node: Node | None, default: float, findings: Findings) -> float:
    if node is None:
        return default
    if not is_number(node.value) or not 0 < node.value <= 1:
        findings.wrong_type(node, "This is a share, above 0 and up to 1.", f"Usually {default}.")
        return default
    return float(node.value)


def _count(node: Node | None, default: int, findings: Findings) -> int:
    number = default if node is None else whole(node.value)
    if number is None or number < 1:
        findings.wrong_type(node or _NOWHERE, "This is a whole number from 1 on.", f"Usually {default}.")
        return default
    return number


_NOWHERE = Node(None, "", 0)
