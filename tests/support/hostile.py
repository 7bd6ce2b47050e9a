"""More than two hundred texts that somebody might write where a name, a description, a path or a value is asked for,
and readers of what goes out: a terminal, a spreadsheet, a page, Prometheus, a shell."""

import csv
import io
import json
import re
import subprocess
import unicodedata
from html.parser import HTMLParser
from xml.etree import ElementTree

FORGED = "FORGED"
"""A line of output that begins with this was forged."""

_BIDI = ["\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]
_HIDDEN = ["\u00ad", "\u034f", "\u115f", "\u17b4", "\u180e", "\u200b", "\u200c", "\u200d", "\u2060", "\u2061", "\u2064",
           "\u206a", "\u206f", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufff9", "\U000e0001", "\U000e0041",
           "\U000e0100", "\U0001d173"]  # fmt: skip
_ODD = ["\ue000", "\U000f0000", "\U0010ffff", "\u0378", "\ufdd0", "\ufffe", "\ud800", "\udc9b", "\udfff"]

TEXTS: tuple[tuple[str, str], ...] = (
    *((f"a{chr(code)}b", f"C0 control {code:#04x}") for code in (*range(0x20), 0x7F)),
    *((f"a{chr(code)}b", f"C1 control {code:#04x}") for code in range(0x80, 0xA0)),
    *((f"abc{sign}def", f"direction U+{ord(sign):04X}") for sign in _BIDI),
    *((f"ad{sign}min", f"nobody sees U+{ord(sign):04X}") for sign in _HIDDEN),
    *((f"x{sign}", f"not a character that is assigned: U+{ord(sign):04X}") for sign in _ODD),
    ("a\u2028b", "line separator"),
    ("a\u2029b", "paragraph separator"),
    ("\x1b[31mred\x1b[0m", "colours"),
    ("\x1b[2J\x1b[H", "clears the screen"),
    ("\x1b]0;title\x07", "sets the window's title"),
    ("\x1b]52;c;cm0gLXJmIC8=\x07", "writes the clipboard"),
    ("\x1b]8;;http://evil.example\x1b\\here\x1b]8;;\x1b\\", "a link that says otherwise"),
    ("\x1bP+q544e\x1b\\", "asks the terminal, which answers as if typed"),
    ("\x9b2J", "the same control sequence in one byte"),
    ("\x9d0;t\x9c", "an operating system command in one byte"),
    ("\x90q\x9c", "a device control string in one byte"),
    ("ok\rBAD", "overwrites the line"),
    ("good\x08\x08\x08\x08evil", "overwrites by backspace"),
    (f"one\n{FORGED}", "a line of its own"),
    (f"one\r\n{FORGED}", "a line of its own, of Windows"),
    (f"one\n\n  do:    {FORGED}", "advice of its own"),
    (f"one\x85{FORGED}", "NEL"),
    (f"one\x0b{FORGED}\x0c{FORGED}", "other breaks"),
    (f"\n{FORGED}{{\"exit_code\": 0}}", "the last line that programs read"),
    ("e" + "\u0301" * 40, "a flood of combining marks"),
    ("\u0335" * 12, "marks on nothing"),
    ("e\u20dd\u20dd\u20dd\u20dd\u20dd\u20dd", "enclosing marks"),
    ("\u05d0\u05d1\u05d2 1+1", "plain Hebrew beside figures"),
    ("‹U+202E›", "what a hidden sign is written as, typed out"),
    ("‹U+2039›U+202E›", "the same once more"),
    ("\\u202e\\x1b[31m", "escapes typed out"),
    ("\\", "a backslash"),
    ("\\\\", "two"),
    ("\\'", "a backslash and a quote"),
    ("'", "a quote"),
    ("''", "two"),
    ('"', "a double quote"),
    ('""', "two of them"),
    ("`", "a backquote"),
    ("``", "two of those"),
    ("`; DROP TABLE t; --", "out of a quoted name"),
    ("' OR '1'='1", "out of a quoted text"),
    ("'; DELETE FROM t; --", "a second statement"),
    ("\\'; DELETE FROM t; --", "where a backslash escapes"),
    ("x') OR (1=1", "out of brackets"),
    ("1 OR 1=1", "no quote needed"),
    ("a -- b", "a comment"),
    ("a /* b", "a comment without an end"),
    ("*/ DROP TABLE t /*", "out of a comment"),
    ("${spark.app.name}", "what Spark fills in"),
    ("${hiveconf:x} ${env:PATH}", "what Hive fills in"),
    ("{0} {name} {} %s %(x)s %n", "what a template fills in"),
    ("{name!r:>99999}", "a template's format"),
    ("__THIS__", "what Spark ML fills in"),
    ("delta.`/etc`", "a path as a table"),
    ("text.`/etc/passwd`", "a file as a table"),
    ("$(touch /tmp/hostile)", "a command's output"),
    ("`touch /tmp/hostile`", "the same in backquotes"),
    ("; touch /tmp/hostile", "another command"),
    ("&& touch /tmp/hostile", "another command, if"),
    ("| tee /tmp/hostile", "a pipe"),
    ("> /tmp/hostile", "a file"),
    ("$HOME ~ !! $'\\x41'", "what a shell puts in"),
    ("-rf", "an option"),
    ("--config", "one of ours"),
    ("--set=lake=/tmp", "one of ours with its value"),
    ("@/etc/passwd", "a file of arguments"),
    ("../../../etc/passwd", "out of the folder"),
    ("..", "the folder above"),
    (".", "the folder itself"),
    ("/etc/passwd", "another place"),
    ("//host/share", "another machine"),
    ("file:///etc/passwd", "a file's address"),
    ("s3a://bucket/x", "a bucket"),
    ("http://user:secret@evil.example/?token=secret", "an address with a secret"),
    ("jdbc:mysql://evil", "a database"),
    ("C:\\Windows\\system32", "a folder of Windows"),
    ("CON", "a device of Windows"),
    ("a/b\\c:d", "separators"),
    ("*", "everything"),
    ("**/*", "everything below"),
    ("?[a-z]{1,9}", "a glob"),
    ("(a+)+$", "a pattern that takes for ever"),
    ("(?P<x>a)(?=b)\\1", "a pattern that RE2 lacks"),
    ("[", "a class without an end"),
    ("(" * 500, "brackets without an end"),
    ("=1+1", "a formula"),
    ("=HYPERLINK(\"http://evil.example\",\"x\")", "a formula that sends"),
    ("=cmd|' /C calc'!A0", "a formula that runs"),
    ("+1+1", "a formula with a plus"),
    ("-1+1", "a formula with a minus"),
    ("@SUM(1)", "a formula with an at"),
    ("\t=1+1", "after a tab"),
    ("\r=1+1", "after a return"),
    (" =1+1", "after a blank"),
    ("\uff1d1+1", "full-width"),
    ("\uff20SUM(1)", "full-width"),
    ("a;=1+1", "where ';' parts the cells"),
    ('a","=1+1', "out of a quoted cell"),
    ("%0A=1+1", "a percent sign"),
    ("<script>alert(1)</script>", "a script"),
    ("</script><script>alert(1)</script>", "out of a script"),
    ("</title></style></pre><h1>x</h1>", "out of what holds text"),
    ("<!--", "a comment without an end"),
    ("]]>", "out of CDATA"),
    ("<![CDATA[x]]>", "CDATA"),
    ('" onmouseover="alert(1)', "out of an attribute"),
    ("' onload='alert(1)", "out of another"),
    ("<img src=x onerror=alert(1)>", "an element"),
    ("<svg/onload=alert(1)>", "one without a blank"),
    ("&lt;b&gt; &#x202e; &amp;", "entities"),
    ("&entity;", "an entity that there is not"),
    ("javascript:alert(1)", "an address that runs"),
    ("[x](javascript:alert(1))", "a link in Markdown"),
    ("![x](http://evil.example/p.png)", "a picture in Markdown"),
    ("| a | b |", "cells of a table"),
    ("# Title", "a heading"),
    ('} evil{a="b', "out of labels"),
    ('x"} 1\nevil 1', "a figure of its own"),
    ("x\r\nX-Evil: 1", "a header of its own"),
    ("x\r\n\r\nbody", "a body of its own"),
    ("Ünïcödé ☃ \U0001f600", "no evil at all"),
    ("\uff35\uff33\uff25\uff32", "full-width letters"),
    ("аdmin", "a Cyrillic letter"),
    ("\u0130\u0131", "Turkish letters"),
    ("null", "a word of YAML"),
    ("true", "another"),
    ("2026-01-01", "a date"),
    ("1e309", "a number too large"),
    ("- a: b", "YAML"),
    ("&a [*a, *a]", "aliases of YAML"),
    ("!!python/object/apply:os.system ['id']", "a tag of YAML"),
    ("", "nothing"),
    (" ", "a blank"),
    ("x" * 5_000, "five thousand letters"),
    ("\U0001f600" * 300, "wide signs"),
    ("user:*", "everybody"),
    ("group:everyone", "a group"),
    ("user:a\x1b[31m", "a principal in red"),
    ("user:ada\u202eresu", "a principal turned around"),
)  # fmt: skip


class TerminalError(AssertionError):
    """What a terminal would have obeyed, or not have shown."""


def watch(text: str) -> None:
    """A terminal that takes what it is given line by line: it obeys nothing, shows everything, and no line is forged.

    Raises:
        TerminalError: with the sign and its place.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip(" |*-+").startswith(FORGED) or line.strip().startswith(f"do:    {FORGED}"):
            raise TerminalError(f"line {number} is forged: {line!r}")
        marks = 0
        for place, sign in enumerate(line):
            kind = unicodedata.category(sign)
            marks = marks + 1 if kind in ("Mn", "Me") else 0
            if (
                kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
                or marks > 4
                or sign in "\u034f\u115f\u3164\uffa0\ufe0f"
            ):
                raise TerminalError(f"U+{ord(sign):04X} at {number}:{place}: {line[:200]!r}")


def watched(text: str) -> str:
    """What somebody at the terminal reads: each number is the sign again."""
    watch(text)
    return re.sub(r"‹U\+([0-9A-F]{4,6})›", lambda found: chr(int(found[1], 16)), text)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape, self.words = [], []

    def handle_starttag(self, tag, attrs):
        self.shape.append((tag, tuple(name for name, _ in attrs)))

    def handle_decl(self, decl):
        self.shape.append(("!", decl))

    def handle_comment(self, data):
        self.shape.append(("comment", ()))

    def handle_pi(self, data):
        self.shape.append(("pi", ()))

    def handle_data(self, data):
        self.words.append(data)


def elements(page: str) -> tuple[list[tuple[str, tuple[str, ...]]], str]:
    """The elements of a page with the names of their attributes, and its text. Two pages of one making have the same
    elements, whatever the texts are."""
    reader = _Page()
    reader.feed(page)
    reader.close()
    return reader.shape, "".join(reader.words)


def spreadsheet(text: str) -> list[list[str]]:
    """The cells of a CSV file as a spreadsheet takes them, with either separator; one that would be computed raises."""
    for separator in ",;":
        for row in csv.reader(io.StringIO(text), delimiter=separator):
            for cell in row:
                if re.match(r"[\s\"]*[=+@%\-\uff1d\uff0b\uff0d\uff20]", cell):
                    raise AssertionError(f"a formula: {cell!r}")
    return list(csv.reader(io.StringIO(text)))


_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)')
_SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"\\{}\n]|"(?:[^"\\\n]|\\[\\"n])*")*)\})? (\S+)')


def prometheus(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples of Prometheus text, read strictly: https://prometheus.io/docs/instrumenting/exposition_formats/."""
    assert text.endswith("\n")
    found = {}
    for line in text[:-1].split("\n"):
        if re.match(r"# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* \S", line):
            continue
        parts = _SAMPLE.fullmatch(line)
        assert parts, f"no sample: {line!r}"
        labels, rest = [], parts[2] or ""
        while rest:
            label = _LABEL.match(rest)
            assert label, f"no label: {rest!r}"
            value = re.sub(r'\\([\\"n])', lambda sign: {"n": "\n"}.get(sign[1], sign[1]), label[2])
            labels.append((label[1], value))
            rest = rest[label.end() :]
        key = (parts[1], tuple(labels))
        assert key not in found, f"twice: {key}"
        found[key] = float(parts[3])
    return found


def junit(text: str) -> ElementTree.Element:
    """JUnit XML, parsed."""
    return ElementTree.fromstring(text)


def shell_words(command: str) -> list[bytes]:
    """The words that bash makes of a command, which is not run. Raises CalledProcessError when it is no command."""
    script = f"set -f\nargs() {{ printf '%s\\0' \"$@\"; }}\nargs {command}"
    done = subprocess.run(["bash", "--norc"], input=script.encode(), capture_output=True, check=True, timeout=20)
    assert done.stderr == b"", done.stderr
    return done.stdout.split(b"\0")[:-1]


def last_line(text: str) -> dict:
    """The line of JSON that ends a job's stdout."""
    found = json.loads(text.rstrip("\n").rsplit("\n", 1)[-1])
    assert isinstance(found, dict)
    return found


def yaml_text(text: str) -> str:
    """A text as YAML takes it in double quotes, whatever it holds; what JSON escapes, YAML does, but for a pair of
    surrogates, which is one escape of YAML's.
    """
    return "".join(f"\\U{ord(sign):08x}" if sign > "\uffff" else json.dumps(sign)[1:-1] for sign in text).join('""')
