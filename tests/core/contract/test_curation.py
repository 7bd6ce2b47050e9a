"""The word `curate` of a contract: what it says, and what is refused where it stands."""

import pytest

from strongroom.core.contract import Curation
from strongroom.core.contract.curation import RULES, thresholds
from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError

HEAD = """apiVersion: v3.1.0
kind: DataContract
id: texts
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/texts/*.json, format: json}
schema:
  - name: texts
    properties:
      - {name: text, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: licence, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: opt_out, logicalType: boolean, customProperties: [{property: protect, value: {method: keep}}]}
      - {name: mail, logicalType: string, customProperties: [{property: protect, value: {method: hash}}]}
customProperties:
  - property: curate
    value:
"""
LINE = HEAD.count("\n") + 1


def curation(*lines):
    return parse_contract(HEAD + "".join(f"      {line}\n" for line in lines), "c.yaml").curation


def test_all_that_can_be_said():
    found = curation(
        "rules: {gopher_quality: {min_words: 20, max_symbols: false}, c4: {min_sentences: 2}, fineweb: {}}",
        "by_language: {de: {gopher_quality: {stop_words: [der, die]}}}",
        "languages: {keep: [en, de], least: 0.5}",
        "duplicates: {near: 0.7, words: 3}",
        "contamination: {file: tests.txt, words: 8}",
        "signals: {licence: [cc0], opt_out: [false]}",
    )
    assert found == Curation(
        rules={"gopher_quality": {"min_words": 20, "max_symbols": False}, "c4": {"min_sentences": 2}, "fineweb": {}},
        by_language={"de": {"gopher_quality": {"stop_words": ("der", "die")}}},
        languages=("en", "de"), least_sure=0.5, exact=True, near=0.7, shingle=3, contamination="tests.txt",
        contamination_words=8, signals={"licence": ("cc0",), "opt_out": (False,)}, line=LINE - 1,
    )  # fmt: skip


def test_what_is_not_said_is_not_asked():
    assert curation("signals: {licence: [cc0]}") == Curation(signals={"licence": ("cc0",)}, line=LINE - 1)
    assert parse_contract(HEAD.partition("customProperties:\n  - ")[0], "c.yaml").curation is None
    assert curation("duplicates: {near: false}").near == 0
    assert (curation("duplicates: {}").exact, curation("duplicates: {}").near) == (True, 0.8)


@pytest.mark.parametrize(
    ("line", "code", "hint", "why"),
    [
        ("ruls: {c4: {}}", "contract.unknown-field", "'rules'", "a typo"),
        ("rules: {gofer_quality: {}}", "contract.unknown-field", "'gopher_quality'", "a typo"),
        ("rules: {c4: {min_sentence: 3}}", "contract.unknown-field", "'min_sentences'", "a typo"),
        ("rules: {c4: {min_sentences: few}}", "contract.wrong-type", "5", "no number"),
        ("rules: {c4: {min_sentences: 2.5}}", "contract.wrong-type", "5", "no whole one"),
        ("rules: {c4: {citations: 1}}", "contract.wrong-type", "true", "yes or no"),
        ("rules: {fineweb: {max_short_lines: 67}}", "contract.wrong-type", "0.67", "a share, no percentage"),
        ("rules: {gopher_quality: {stop_words: [The]}}", "contract.wrong-type", "the", "no such word is ever met"),
        ("rules: [c4]", "contract.wrong-type", "c4", "a mapping"),
        ("by_language: {de: {c4: {}}}", "contract.contradicts", "", "of a family that is not asked"),
        ("by_language: {german: {}}", "contract.unknown-name", "'de'", "a code"),
        ("languages: {least: 0.5}", "contract.missing", "keep", "which?"),
        ("languages: {keep: [english]}", "contract.wrong-type", "'en'", "a code"),
        ("duplicates: {near: 80}", "contract.wrong-type", "0.8", "a share"),
        ("duplicates: {words: 0}", "contract.wrong-type", "5", ""),
        ("contamination: {words: 8}", "contract.missing", "file", "of what?"),
        ("signals: {license: [cc0]}", "contract.unknown-name", "'licence'", "a typo"),
        ("signals: {mail: [x]}", "contract.misfit", "", "a token says nothing"),
        ("signals: {opt_out: ['false']}", "contract.wrong-type", "", "a text for a boolean"),
        ("signals: {licence: []}", "contract.wrong-type", "", "nothing would stay"),
    ],
)
def test_what_is_refused_stands_there_with_its_line(line, code, hint, why):
    with pytest.raises(ConfigError) as told:
        curation(line)
    assert [(problem.code, problem.where) for problem in told.value.problems] == [(code, f"c.yaml:{LINE}")], why
    assert hint in told.value.problems[0].todo, why


def test_thresholds_are_published_unless_the_contract_says_otherwise():
    said = curation(
        "rules: {gopher_quality: {min_words: 20}}",
        "by_language: {de: {gopher_quality: {min_words: 30, stop_words: [der]}}, fr: {gopher_quality: {max_words: 9}}}",
    )
    english, german, french = (thresholds(said, "gopher_quality", code) for code in ("en", "de", "fr"))
    assert (english["min_words"], german["min_words"], french["min_words"]) == (20, 30, 20)
    assert (german["stop_words"], german["min_stop_words"]) == (("der",), 2)
    assert french["min_stop_words"] is False, "English stop words say nothing of French"
    assert english["max_words"] == RULES["gopher_quality"]["max_words"]
