"""The report as JUnit XML for CI systems: one test case per rule and set rule, one for the limit, one for the run.

Red here means what the exit code means. A row rule never fails the build by itself, because rows that break it are
already set aside; its count is told in the case. A closed gate, the rules that closed it and a failed run are red.
Shape: https://github.com/testmoapp/junitxml, which Jenkins, GitLab and GitHub's reporters read.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from strongroom.core.report import Report, share
from strongroom.core.suggest import counted
from strongroom.reports.markup import plain
from strongroom.reports.phrases import exact_percent, measured, percent, verdict


def document(report: Report) -> str:
    """The XML text, with its declaration."""
    suite = Element("testsuite", name=plain(report.table), timestamp=f"{report.run.started:%Y-%m-%dT%H:%M:%S}")
    suite.set("time", f"{report.seconds:.3f}")
    facts: dict[str, str | int | None] = {
        "run": report.run.id,
        "contract": f"{report.contract.id} {report.contract.version}",
        "contract_fingerprint": report.contract.fingerprint,
        "version": report.readable.version if report.readable else None,
        "read": report.read,
        "written": report.written,
        "quarantined": report.quarantined,
    }
    properties = SubElement(suite, "properties")
    for word, value in facts.items():
        if value is not None:
            SubElement(properties, "property", name=word, value=plain(str(value)))
    _run(suite, report)
    _rules(suite, report)
    _set_rules(suite, report)
    _limit(suite, report)
    totals = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": 0,
    }
    suites = Element("testsuites", name="strongroom")
    suites.append(suite)
    for word, total in totals.items():
        suite.set(word, str(total))
        suites.set(word, str(total))
    indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suites, encoding="unicode") + "\n"


def _case(suite: Element, group: str, name: str, told: str = "", *, fault: str = "", kind: str = "") -> None:
    """One test case; `fault` is `failure` or `error` when it is red, and `kind` its type."""
    case = SubElement(suite, "testcase", classname=f"{suite.get('name')}.{group}", name=plain(name), time="0")
    if fault:
        SubElement(case, fault, message=plain(told), type=plain(kind))
    if told:
        SubElement(case, "system-out").text = plain(told)


def _run(suite: Element, report: Report) -> None:
    fault = {"failed": "error", "gate closed": "failure"}.get(report.status, "")
    told = ". ".join(part for part in (verdict(report).headline, report.problem) if part)
    _case(suite, "run", report.run.job, told, fault=fault, kind=report.status)


def _rules(suite: Element, report: Report) -> None:
    for rule in report.rules:
        fate = "set aside" if rule.severity == "error" else "counted, not set aside"
        part = percent(share(rule.failures, report.read))
        told = f"{counted(rule.failures, 'row')} ({part}) {fate}: {rule.check} of {', '.join(rule.columns[:8])}"
        _case(suite, "rules", rule.id, told if rule.failures else "")


def _set_rules(suite: Element, report: Report) -> None:
    for rule in report.set_rules:
        red = not rule.passed and rule.severity == "error"
        fault = "" if not red else "error" if rule.measured is None else "failure"
        told = f"{measured(rule)}; {rule.bound}"
        _case(suite, "set_rules", rule.id, told, fault=fault, kind=rule.dimension or "quality")


def _limit(suite: Element, report: Report) -> None:
    if report.quarantine_limit is None:
        return
    part, limit = percent(share(report.quarantined, report.read)), exact_percent(report.quarantine_limit)
    told = f"{part} of the rows are in quarantine; the limit is {limit}"
    _case(suite, "set_rules", "quarantine limit", told, fault="failure" if report.over_limit else "", kind="quality")
