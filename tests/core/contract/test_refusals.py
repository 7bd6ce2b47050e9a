"""What a contract may not say. Each case is one change to a sound contract."""
# ruff: noqa: E501 - a case is a line

import pytest

from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError

SOUND = """\
apiVersion: v3.1.0
kind: DataContract
id: visits
version: 1.0.0
status: active
servers:
  - {server: raw, type: local, path: raw/visits/*.json, format: json}
schema:
  - name: visits
    properties:
      - name: who
        logicalType: integer
        classification: personal
        customProperties: [{property: protect, value: {method: hash}}, {property: subject, value: true}]
      - name: text
        logicalType: string
        logicalTypeOptions: {minLength: 1, maxLength: 100}
        customProperties: [{property: protect, value: {method: keep}}, {property: role, value: text}]
      - name: day
        logicalType: date
        logicalTypeOptions: {minimum: '2020-01-01', maximum: '2029-12-31'}
        customProperties: [{property: protect, value: {method: generalise, date: month}}]
      - name: seconds
        logicalType: number
        logicalTypeOptions: {minimum: 0, maximum: 86400}
        quality: [{metric: nullValues, mustBeLessThan: 5, unit: percent}]
        customProperties: [{property: protect, value: {method: keep}}]
      - name: tags
        logicalType: array
        items: {logicalType: string}
        customProperties: [{property: protect, value: {method: keep}}]
      - name: place
        logicalType: object
        properties:
          - {name: city, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}
    quality:
      - {metric: rowCount, mustBeGreaterThan: 0}
customProperties: [{property: purposes, value: [training]}, {property: quarantineLimit, value: 0.1}]
"""

ODCS = [
    # old, new, line, code, part of what to do, why
    ("apiVersion: v3.1.0", "apiVersion: v2.2.2", 1, "contract.not-run", "v3.1.0", "another version may mean other things"),
    ("apiVersion: v3.1.0", "apiVersion: v9", 1, "contract.not-run", "v3.1.0", "no such version"),
    ("kind: DataContract", "kind: DataProduct", 2, "contract.unknown-name", "'DataContract'", "outside the vocabulary"),
    ("version: 1.0.0", "version: 1.0", 4, "contract.wrong-type", "quotes", "YAML makes a number of it"),
    ("version: 1.0.0", "vrsion: 1.0.0", 4, "contract.unknown-field", "'version'", "a typo"),
    ("id: visits\n", "", 1, "contract.missing", "Add it", "the standard demands it"),
    ("status: active", "status: actve", 5, "contract.not-run", "'active'", "a typo"),
    ("status: active", "status: retired", 5, "contract.not-run", "any more", "it says so itself"),
    ("status: active", "status: active\ndescription: {prpose: x}", 6, "contract.unknown-field", "'purpose'", "a typo"),
    ("logicalType: integer", "logicalType: intger", 12, "contract.unknown-name", "'integer'", "a typo"),
    ("logicalType: integer", "logicaltype: integer", 11, "contract.missing", "One of", "the case counts"),
    ("logicalType: integer", "logicalType: time", 12, "contract.not-run", "string", "Spark has no such type for all readers"),
    ("logicalType: integer", "required: yes\n        logicalType: integer", 12, "contract.wrong-type", "yes, no", "a text in YAML 1.2"),
    ("logicalType: integer", "physicalName: text\n        logicalType: integer", 16, "contract.twice", "line 11", "one column of the source cannot be two of ours"),
    ("logicalType: integer", "physicalName: Text\n        logicalType: integer", 16, "contract.twice", "", "no reader of names would tell these two apart for sure"),
    ("logicalType: integer", "physicalName: ''\n        logicalType: integer", 12, "contract.name", "", "a column without a name cannot be meant by it"),
    ("logicalType: integer", "physicalName: \"a\\u202Eb\"\n        logicalType: integer", 12, "contract.name", "Type it", "it would turn a message around"),
    ("items: {logicalType: string}", "items: {logicalType: string, physicalName: x}", 30, "contract.not-run", "Remove", "in no format"),
    ("{name: city, ", "{name: town, physicalName: city, logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}\n          - {name: city, ", 36, "contract.twice", "line 35", "so it is at any depth"),
    ("logicalType: integer", "tags: x\n        logicalType: integer", 12, "contract.wrong-type", "", "documentation has types too"),
]  # fmt: skip
TYPES = [
    ("logicalType: number", "logicalType: number\n        physicalType: decimal(40,2)", 25, "contract.misfit", "", "too long"),
    ("logicalType: number", "logicalType: number\n        physicalType: decimal(2,4)", 25, "contract.misfit", "", "more digits than digits"),
    ("logicalType: number", "logicalType: number\n        physicalType: string", 25, "contract.contradicts", "", "a number is no string"),
    ("logicalType: number", "logicalType: number\n        physicalType: doubl", 25, "contract.unknown-name", "'double'", "a typo"),
    ("logicalType: integer", "logicalType: integer\n        physicalType: decimal(9,2)", 13, "contract.contradicts", "", "not whole"),
    ("{minimum: 0, maximum: 86400}", "{format: f32}\n        physicalType: double", 26, "contract.contradicts", "", "which one?"),
    ("{minimum: 0, maximum: 86400}", "{format: u8}", 25, "contract.not-run", "Known: f32, f64", "an integer's format"),
    ("items: {logicalType: string}", "items: {logicalType: string}\n        physicalType: array<int>", 31, "contract.contradicts", "'array'", "which one?"),
    ("items: {logicalType: string}", "description: x", 28, "contract.missing", "Say", "a list of what?"),
    ("logicalType: string\n        logicalTypeOptions: {minLength: 1, maxLength: 100}", "logicalType: string\n        physicalType: varchar(50)\n        logicalTypeOptions: {minLength: 1, maxLength: 100}", 17, "contract.contradicts", "", "which one?"),
    ("name: day", "name: who", 19, "contract.twice", "line 11", "doubled"),
    ("name: day", "name: WHO", 19, "contract.twice", "line 11", "Spark does not see the case"),
    ("name: day", "name: d.ay", 19, "contract.name", "letters", "the dot means inside"),
    ("name: day", "name: 'd ay'", 19, "contract.name", "letters", "Delta refuses blanks"),
    ("- name: visits", "- name: my-visits", 9, "contract.name", "letters", "it names folders and tables"),
]  # fmt: skip
RULES = [
    ("minLength: 1", "minLength: 101", 17, "contract.contradicts", "", "no text is both"),
    ("minLength: 1", "minLenght: 1", 17, "contract.unknown-field", "'minLength'", "a typo"),
    ("minLength: 1", "minLength: -1", 17, "contract.standard", "0", "no text is shorter than nothing"),
    ("minLength: 1", "minimum: 1", 17, "contract.unknown-field", "", "not for text"),
    ("minLength: 1", "format: emial", 17, "contract.not-run", "'email'", "a typo"),
    ("minLength: 1", "format: password", 17, "contract.not-run", "Known", "nothing to check"),
    ("minLength: 1", "pattern: '(a'", 17, "contract.pattern", "", "an open bracket"),
    ("minLength: 1", "pattern: '(?=a)b'", 17, "contract.pattern", "RE2", "RE2 does not"),
    ("minLength: 1", "pattern: '(?<!a)b'", 17, "contract.pattern", "RE2", "RE2 does not"),
    ("minLength: 1", "pattern: '(a)\\1'", 17, "contract.pattern", "RE2", "RE2 does not"),
    ("minLength: 1", "pattern: 'a{2000}'", 17, "contract.pattern", "minLength", "RE2 does not"),
    ("maximum: '2029-12-31'", "maximum: '2019-12-31'", 21, "contract.contradicts", "", "no day is both"),
    ("maximum: '2029-12-31'", "maximum: '2029-13-31'", 21, "contract.misfit", "", "there is no such month"),
    ("maximum: '2029-12-31'", "maximum: 2029", 21, "contract.misfit", "", "a number is no date"),
    ("maximum: '2029-12-31'", "format: yyyy-QQ", 21, "contract.date-format", "yyyy", "strptime has no quarters"),
    ("maximum: 86400", "maximum: -1", 25, "contract.contradicts", "", "no number is both"),
    ("maximum: 86400", "exclusiveMaximum: 0", 25, "contract.contradicts", "", "0 is out, and so is the rest"),
    ("maximum: 86400", "maximum: '86400'", 25, "contract.misfit", "", "a text is no number"),
    ("maximum: 86400", "maximum: true", 25, "contract.misfit", "", "nor is true"),
    ("logicalType: integer", "logicalType: integer\n        logicalTypeOptions: {minimum: 0.5}", 13, "contract.misfit", "", "not whole"),
    ("logicalType: integer", "logicalType: integer\n        logicalTypeOptions: {exclusiveMinimum: 1, exclusiveMaximum: 2}", 13, "contract.contradicts", "", "no whole number between"),
    ("logicalType: object", "logicalType: object\n        logicalTypeOptions: {required: [cty]}", 34, "contract.unknown-name", "'city'", "a typo"),
    ("logicalType: object", "logicalType: object\n        logicalTypeOptions: {maxProperties: 3}", 34, "contract.unknown-field", "", "not run"),
    ("items: {logicalType: string}", "items: {logicalType: string}\n        logicalTypeOptions: {minItems: 3, maxItems: 2}", 31, "contract.contradicts", "", "no list is both"),
    ("items: {logicalType: string}", "items: {logicalType: string}\n        unique: true", 31, "contract.misfit", "single value", "a list is no single value"),
    ("- {name: city,", "- {name: city, primaryKey: true,", 35, "contract.misfit", "single value", "keys stand at the top"),
    ("logicalType: integer", "logicalType: integer\n        primaryKey: true\n        primaryKeyPosition: 7", 13, "contract.primary-key", "Number", "the seventh of one"),
    ("{logicalType: string}", "{logicalType: string, primaryKeyPosition: 3}", 30, "contract.primary-key", "Remove", "an item is no key"),
    ("logicalType: integer", "logicalType: integer\n        primaryKeyPosition: 1", 13, "contract.primary-key", "primaryKey: true", "a position of nothing"),
]  # fmt: skip
PROTECTION = [
    ("{method: hash}", "{method: hsh}", 14, "contract.unknown-name", "'hash'", "a typo"),
    ("{method: hash}", "{metod: hash}", 14, "contract.missing", "keep", "a typo"),
    ("{method: hash}", "hash", 14, "contract.missing", "keep", "a text says no options"),
    ("{method: hash}", "{method: hash, doman: x}", 14, "contract.unknown-field", "'domain'", "a typo"),
    ("{method: hash}", "{method: hash, profile: md5}", 14, "contract.wrong-type", "", "not a hash we have"),
    ("{method: hash}", "{method: hash, domain: 'a b'}", 14, "contract.wrong-type", "", "a domain is a name"),
    ("{method: hash}", "{method: keep}", 14, "contract.personal-kept", "'why'", "nobody decided that"),
    ("{method: hash}", "{method: keep, why: ''}", 14, "contract.wrong-type", "", "nothing is no reason"),
    ("{method: hash}", "{method: mask}", 14, "contract.misfit", "", "a number has no characters"),
    ("{method: hash}", "{method: drop}", 14, "contract.subject-not-findable", "hash", "an erasure could not find the person"),
    ("{method: hash}", "{method: encrypt, mode: randomised}", 14, "contract.subject-not-findable", "deterministic", "the same"),
    ("{method: hash}", "{method: encrypt, mode: random}", 14, "contract.wrong-type", "", "outside the vocabulary"),
    ("{method: hash}", "{method: encrypt, key: domain}", 14, "contract.wrong-type", "", "outside the vocabulary"),
    ("{method: hash}", "{method: encrypt, key: classification, domain: d}", 14, "contract.contradicts", "Name one", "which one?"),
    ("{method: hash}", "{method: hash, key: classification}", 14, "contract.unknown-field", "", "tokens join by domain"),
    ("{property: protect, value: {method: keep}}, {property: role, value: text}", "{property: protect, value: {method: encrypt, key: classification}}", 18, "contract.missing", "Add", "a key without a name"),
    ("{method: generalise, date: month}", "{method: generalise, date: week}", 22, "contract.wrong-type", "", "outside the vocabulary"),
    ("{method: generalise, date: month}", "{method: generalise}", 22, "contract.missing", "", "how?"),
    ("{method: generalise, date: month}", "{method: generalise, date: month, prefix: 2}", 22, "contract.missing", "", "which one?"),
    ("{method: generalise, date: month}", "{method: generalise, prefix: 2}", 22, "contract.misfit", "", "a date has no first letters"),
    ("{property: role, value: text}", "{property: role, value: txt}", 18, "contract.unknown-name", "'text'", "a typo"),
    ("logicalType: date", "logicalType: string", 21, "contract.unknown-field", "", "text has no bounds"),
    ("value: {method: keep}}, {property: role, value: text}", "value: {method: drop}}, {property: role, value: text}", 18, "contract.misfit", "stays", "nothing to learn from"),
    ("{property: subject, value: true}", "{property: subject, value: yes}", 14, "contract.wrong-type", "", "a text in YAML 1.2"),
    ("{property: subject, value: true}", "{property: subjct, value: true}", 14, "contract.unknown-field", "'subject'", "a typo"),
    ("{property: subject, value: true}", "{property: subject}", 14, "contract.missing", "Add", "the standard demands it"),
    ("classification: personal", "classification: persnal", 13, "contract.unknown-name", "'personal'", "it would open the column"),
    ("[{property: protect, value: {method: keep}}]}", "[]}", 35, "contract.unprotected", "keep", "nothing is kept by default"),
    ("- {name: city,", "- {name: city, classification: secret,", 35, "contract.unknown-name", "Known", "outside the vocabulary"),
    ("logicalType: object", "logicalType: object\n        customProperties: [{property: protect, value: {method: keep}}]", 34, "contract.misfit", "each by name", "of which field?"),
    ("items: {logicalType: string}", "items: {logicalType: string, customProperties: [{property: protect, value: {method: keep}}]}", 30, "contract.twice", "or on its items", "which one?"),
    ("{property: role, value: text}", "{property: read, value: {tirm: true}}", 18, "contract.unknown-field", "'trim'", "a typo"),
    ("{property: role, value: text}", "{property: read, value: {missing: '?'}}", 18, "contract.wrong-type", "quotes", "one text is no list"),
    ("{property: role, value: text}", "{property: read, value: {missing: [0]}}", 18, "contract.wrong-type", "quotes", "a number is no text"),
]  # fmt: skip
QUALITY = [
    ("metric: rowCount", "metric: rowCont", 37, "contract.unknown-name", "'rowCount'", "a typo"),
    ("metric: rowCount", "metric: nullValues", 37, "contract.misfit", "", "of which column?"),
    ("metric: nullValues", "metric: rowCount", 26, "contract.misfit", "", "a column has no rows of its own"),
    ("metric: rowCount", "rule: rowCount", 37, "contract.not-run", "metric", "an older word"),
    ("mustBeGreaterThan: 0", "mustBeGreaterThn: 0", 37, "contract.unknown-field", "'mustBeGreaterThan'", "a typo"),
    (", mustBeGreaterThan: 0", "", 37, "contract.missing", "Exactly one", "how many rows?"),
    ("mustBeGreaterThan: 0", "mustBeGreaterThan: 0, mustBeLessThan: 9", 37, "contract.missing", "Exactly one", "which one?"),
    ("mustBeGreaterThan: 0", "mustBeGreaterThan: '0'", 37, "contract.wrong-type", "", "a text is no number"),
    ("mustBeGreaterThan: 0", "mustBeLessThan: 0", 37, "contract.contradicts", "bound", "fewer than no rows"),
    ("mustBeGreaterThan: 0", "mustBeBetween: [9]", 37, "contract.wrong-type", "", "between one number"),
    ("mustBeGreaterThan: 0", "mustBeBetween: [9, 1]", 37, "contract.wrong-type", "", "the wrong way round"),
    ("mustBeGreaterThan: 0", "mustBeBetween: [-9, -1]", 37, "contract.contradicts", "", "fewer than no rows"),
    ("mustBeGreaterThan: 0", "mustBeGreaterThan: 0, unit: percent", 37, "contract.misfit", "unit", "percent of what?"),
    ("mustBeLessThan: 5, unit: percent", "mustBeGreaterThan: 100, unit: percent", 26, "contract.contradicts", "", "more than all"),
    ("unit: percent", "unit: prcent", 26, "contract.unknown-name", "'percent'", "a typo"),
    ("unit: percent", "severity: fatal", 26, "contract.unknown-name", "error", "outside the vocabulary"),
    ("unit: percent", "dimension: sped", 26, "contract.unknown-name", "Known", "outside the vocabulary"),
    ("unit: percent", "arguments: {x: 1}", 26, "contract.unknown-field", "", "no such argument"),
    ("metric: nullValues, mustBeLessThan: 5", "metric: invalidValues, mustBe: 0", 26, "contract.missing", "", "invalid is what?"),
    ("metric: nullValues,", "metric: invalidValues, arguments: {validValues: ['1']},", 26, "contract.misfit", "", "a text is no number"),
    ("metric: nullValues,", "metric: invalidValues, arguments: {validValues: []},", 26, "contract.wrong-type", "", "nothing would be valid"),
    ("metric: nullValues,", "metric: invalidValues, arguments: {pattern: a},", 26, "contract.misfit", "", "a number has no characters"),
    ("metric: rowCount, mustBeGreaterThan: 0", "metric: duplicateValues, mustBe: 0", 37, "contract.missing", "", "of which columns?"),
    ("metric: rowCount, mustBeGreaterThan: 0", "metric: duplicateValues, mustBe: 0, arguments: {properties: [who, dy]}", 37, "contract.unknown-name", "'day'", "a typo"),
    ("metric: rowCount, mustBeGreaterThan: 0", "metric: duplicateValues, mustBe: 0, arguments: {properties: [who, tags]}", 37, "contract.misfit", "", "a list is no single value"),
    ("items: {logicalType: string}", "items: {logicalType: string, quality: [{metric: nullValues, mustBeLessThan: 2}]}", 30, "contract.not-run", "mustBe: 0", "counted how?"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: sql, query: 'select count(*) from ${tabel}', mustBe: 0}", 37, "contract.unknown-name", "'table'", "a typo"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: sql, query: 'select count({column}) from {object}', mustBe: 0}", 37, "contract.unknown-name", "object", "a rule of the table"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: sql, query: drop table x, mustBe: 0}", 37, "contract.wrong-type", "", "a question changes nothing"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: sql, query: select 1; drop table x, mustBe: 0}", 37, "contract.wrong-type", "", "two statements"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: sql, mustBe: 0}", 37, "contract.missing", "Add", "the standard demands it"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: custom, engine: soda, implementation: x}", 37, "contract.not-run", "strongroom", "we do not run it"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: custom, engine: strongroom, implementation: {check: row, expression: seconds > dy}}", 37, "expression.invalid", "", "a typo"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: custom, engine: strongroom, implementation: {check: row, expression: 'seconds >'}}", 37, "expression.invalid", "", "half a condition"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: custom, engine: strongroom, implementation: {check: rows, expression: seconds > 1}}", 37, "contract.not-run", "", "outside the vocabulary"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{type: text, metric: rowCount, mustBe: 1}", 37, "contract.misfit", "", "said or run?"),
    ("{metric: rowCount, mustBeGreaterThan: 0}", "{metric: rowCount, mustBe: 1}\n      - {metric: rowCount, mustBe: 1}", 38, "contract.twice", "line 37", "doubled"),
]  # fmt: skip
REST = [
    ("[{property: protect, value: {method: keep}}, {property: role, value: text}]", "[{property: protect, value: {method: keep}}, {property: read, value: {decimal: ','}}]", 18, "contract.misfit", "double", "a text has no fraction"),
    ("[{property: protect, value: {method: hash}}, {property: subject, value: true}]", "[{property: protect, value: {method: hash}}, {property: read, value: {decimal: ','}}]", 14, "contract.misfit", "double", "nor has a whole number"),
    ("[{property: protect, value: {method: hash}}, {property: subject, value: true}]", "[{property: protect, value: {method: hash}}, {property: read, value: {thousands: '.'}}]", 14, "contract.contradicts", "'decimal'", "the point is the decimal sign unless said"),
    ("[{property: protect, value: {method: hash}}, {property: subject, value: true}]", "[{property: protect, value: {method: hash}}, {property: read, value: {thousands: '_'}}]", 14, "contract.unknown-name", "quotes", "nobody writes it"),
    ("type: local", "type: locl", 7, "contract.not-run", "'local'", "a typo"),
    ("type: local", "type: kafka", 7, "contract.not-run", "files", "another system"),
    ("format: json", "format: jsn", 7, "contract.not-run", "'json'", "a typo"),
    ("path: raw/visits/*.json", "path: 'raw/{model}/*.json'", 7, "contract.not-run", "'*'", "nobody fills it in"),
    ("type: local, path: raw/visits/*.json", "type: custom, path: x, location: 's3://y'", 7, "contract.contradicts", "Keep one", "which one?"),
    ("path: raw/visits/*.json", "pth: raw/visits/*.json", 7, "contract.unknown-field", "'path'", "a typo"),
    ("format: json}", "format: json, customProperties: [{property: options, value: {header: true}}]}", 7, "contract.unknown-field", "", "JSON has no header"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {headr: true}}]}", 7, "contract.unknown-field", "'header'", "a typo"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {header: yes}}]}", 7, "contract.wrong-type", "", "a text in YAML 1.2"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {encoding: utf-9}}]}", 7, "contract.wrong-type", "", "no such set"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {comment: '//'}}]}", 7, "contract.wrong-type", "", "Spark takes one"),
    ("format: json}", 'format: csv, customProperties: [{property: options, value: {sep: "\\n"}}]}', 7, "contract.wrong-type", "", "it ends lines"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {sep: ''}}]}", 7, "contract.wrong-type", "", "no fields"),
    ("format: json}", 'format: csv, customProperties: [{property: options, value: {lineSep: "\\r"}}]}', 7, "contract.wrong-type", "", "of a Mac before 2001"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {sep: ';', comment: ';'}}]}", 7, "contract.contradicts", "one thing", "two meanings"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {quote: ','}}]}", 7, "contract.contradicts", "one thing", "the separator by default"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {quote: '', escape: '!'}}]}", 7, "contract.contradicts", "Remove it", "nothing to escape"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {emptyText: null}}]}", 7, "contract.wrong-type", "", "null is what it is without"),
    ("format: json}", "format: csv, customProperties: [{property: options, value: {onBrokenQuote: skip}}]}", 7, "contract.wrong-type", "", "nothing is skipped"),
    ("format: json}", "format: csv}", 7, "contract.misfit", "JSON", "a line has no lists"),
    ("format: json}", "format: json}\n  - {server: b, type: local, path: x, format: parquet}", 8, "contract.not-run", "one contract for each", "text and typed"),
    ("format: json}", "format: json}\n  - {server: raw, type: local, path: x, format: json}", 8, "contract.twice", "line 7", "doubled"),
    ("    quality:\n", "  - name: other\n    quality:\n", 36, "contract.not-run", "c#visits", "which one?"),
    ("value: [training]", "value: training", 38, "contract.wrong-type", "", "one word is no list"),
    ("value: [training]", "value: [training, training]", 38, "contract.twice", "", "doubled"),
    ("value: 0.1}", "value: 20}", 38, "contract.wrong-type", "percent", "a percentage is no share"),
    ("value: 0.1}", "value: {percent: 120}}", 38, "contract.wrong-type", "", "more than all"),
    ("value: 0.1}", "value: {prcent: 20}}", 38, "contract.unknown-field", "'percent'", "a typo"),
    ("property: quarantineLimit", "property: quarantinelimt", 38, "contract.unknown-field", "'quarantineLimit'", "a typo"),
    ("format: json}\n", "format: json, environment: prod}\n  - {server: more, type: local, path: raw/more/*.json, format: json, environment: test}\n", 8, "contract.not-run", "contract for each", "test rows among the others"),
    ("{minimum: '2020-01-01', maximum: '2029-12-31'}", "{exclusiveMinimum: '2020-01-01', exclusiveMaximum: '2020-01-02'}", 21, "contract.contradicts", "", "no day is between"),
    ("logicalType: integer\n", "logicalType: integer\n        logicalTypeOptions: {format: i8, minimum: 300}\n", 13, "contract.misfit", "", "beyond eight bits"),
    ("logicalType: integer\n", "logicalType: integer\n        logicalTypeOptions: {minimum: 100000000000000000000}\n", 13, "contract.misfit", "", "beyond 64 bits"),
    ("minLength: 1, maxLength: 100", "minLength: 101.0, maxLength: 100.0", 17, "contract.contradicts", "", "JSON's integers may have a point"),
    ("logicalType: date\n        logicalTypeOptions: {minimum: '2020-01-01', maximum: '2029-12-31'}\n        customProperties: [{property: protect, value: {method: generalise, date: month}}]", "logicalType: timestamp\n        customProperties: [{property: protect, value: {method: keep}}]\n        logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ssXXX', timezone: false}", 22, "contract.date-format", "timezone: true", "the zone would be dropped"),
    ("logicalType: date\n        logicalTypeOptions: {minimum: '2020-01-01', maximum: '2029-12-31'}\n        customProperties: [{property: protect, value: {method: generalise, date: month}}]", "logicalType: timestamp\n        customProperties: [{property: protect, value: {method: keep}}]\n        logicalTypeOptions: {defaultTimezone: Europe/Berlin}", 22, "contract.not-run", "convert at the source", "nothing converts it"),
    ("{metric: nullValues, mustBeLessThan: 5, unit: percent}", "{metric: missingValues, mustBe: 0, arguments: {missingValues: [null, null]}}", 26, "contract.twice", "", "one too many"),
    ("schema:\n", "slaProperties: [{property: latncy, value: 1, unit: d, element: day}]\nschema:\n", 8, "contract.unknown-name", "'latency'", "a typo"),
    ("schema:\n", "slaProperties: [{property: latency, value: 1, unit: d}]\nschema:\n", 8, "contract.missing", "visits.COLUMN", "of which?"),
    ("schema:\n", "slaProperties: [{property: ly, value: 1, valueExt: 2, unit: d, element: day}]\nschema:\n", 8, "contract.not-run", "valueExt", "half of it"),
    ("schema:\n", "slaProperties: [{property: ly, value: 1, unit: d, element: day}, {property: latency, value: 2, unit: d, element: day}]\nschema:\n", 8, "contract.twice", "one", "which?"),
    ("schema:\n", "slaProperties: [{property: latency, value: 1, unit: d, element: visits.dy}]\nschema:\n", 8, "contract.unknown-name", "'day'", "a typo"),
    ("schema:\n", "slaProperties: [{property: latency, value: 1, unit: fortnight, element: day}]\nschema:\n", 8, "contract.unknown-name", "Known", "how many seconds?"),
    ("schema:\n", "slaProperties: [{property: latency, value: 1, unit: d, element: who}]\nschema:\n", 8, "contract.misfit", "date", "a number is no time"),
    ("schema:\n", "slaProperties: [{property: latency, value: soon, unit: d, element: day}]\nschema:\n", 8, "contract.wrong-type", "", "how soon?"),
]  # fmt: skip
REFERENCES = [
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others.id, form: text}]\n", 19, "contract.unknown-field", "'from'", "a typo"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others}]\n", 19, "contract.not-run", "", "no column"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: o.yaml#/schema/others/properties/id}]\n", 19, "contract.not-run", "Paths", "the long form"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: visits.who}]\n", 19, "contract.not-run", "sql", "of the table to itself"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: [others.id, others.no]}]\n", 19, "contract.reference", "pairs", "a partner is missing"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others.id}, {to: others.id}]\n", 19, "contract.twice", "Remove", "once is enough"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others.id, customProperties: [{property: severty, value: error}]}]\n", 19, "contract.unknown-field", "'severity'", "a typo"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others.id, customProperties: [{property: severity, value: eror}]}]\n", 19, "contract.unknown-name", "'error'", "a typo"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{to: others.id, type: foreinKey}]\n", 19, "contract.unknown-name", "'foreignKey'", "outside the vocabulary"),
    ("{property: role, value: text}]\n", "{property: role, value: text}]\n        relationships: [{from: visits.text, to: others.id}]\n", 19, "contract.standard", "", "of a column it is the column"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visits.txt, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.unknown-name", "'text'", "a typo"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visit.text, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.reference", "'visits'", "a typo"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.missing", "table.column", "which column?"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visits.who, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.misfit", "domain", "no other table has its tokens"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visits.day, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.misfit", "Keep it", "a month is no day"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visits.seconds, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.misfit", "", "a float is no key"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: visits.tags, to: others.id}]\n    quality:\n      - {metric: rowCount", 36, "contract.misfit", "", "many values in one row"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: [visits.text, visits.text], to: [others.a, others.b]}]\n    quality:\n      - {metric: rowCount", 36, "contract.twice", "", "twice the same"),
    ("    quality:\n      - {metric: rowCount", "    relationships: [{from: [visits.text, visits.who], to: [others.a, more.b]}]\n    quality:\n      - {metric: rowCount", 36, "contract.reference", "one for each", "two tables"),
]  # fmt: skip
CASES = [*REFERENCES, *ODCS, *TYPES, *RULES, *PROTECTION, *QUALITY, *REST]


def test_the_contract_that_the_cases_break_is_sound():
    contract = parse_contract(SOUND, "c.yaml")
    assert [column.name for column in contract.columns] == ["who", "text", "day", "seconds", "tags", "place"]


@pytest.mark.parametrize(
    ("old", "new", "line", "code", "todo", "why"), CASES, ids=[f"{row[1][-40:]!a} {row[5]}" for row in CASES]
)
def test_what_we_do_not_run_is_refused_at_its_line(old, new, line, code, todo, why):
    assert SOUND.count(old) >= 1, "the case changes something"
    with pytest.raises(ConfigError) as caught:
        parse_contract(SOUND.replace(old, new, 1), "c.yaml")
    found = [one for one in caught.value.problems if (one.where, one.code) == (f"c.yaml:{line}", code)]
    assert any(todo in one.todo for one in found), f"{why}: {caught.value.problems}"


def test_all_problems_of_a_file_come_at_once_and_in_order():
    text = SOUND
    for old, new in (("active", "actve"), ("{method: hash}", "{method: hsh}"), ("unit: percent", "unit: prcent")):
        text = text.replace(old, new, 1)
    with pytest.raises(ConfigError) as caught:
        parse_contract(text, "c.yaml")
    assert [problem.where for problem in caught.value.problems] == ["c.yaml:5", "c.yaml:14", "c.yaml:26"]


@pytest.mark.parametrize("part", ["servers", "schema"])
def test_a_contract_without_data_is_refused(part):
    head, _, rest = SOUND.partition(f"{part}:\n")
    body = rest.split("\n")
    after = next(number for number, line in enumerate(body) if line and not line.startswith(" "))
    with pytest.raises(ConfigError, match=f"'{part}' is missing"):
        parse_contract(head + "\n".join(body[after:]), "c.yaml")
