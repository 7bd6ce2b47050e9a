"""Whole messages, as people read them: a sample of them. Everywhere else tests go by code and line."""
# ruff: noqa: E501 - a case is a line

import pytest

from core.contract.test_refusals import SOUND
from core.policy.test_file import GRANT, HEAD
from strongroom.core.contract.file import parse_contract
from strongroom.core.errors import ConfigError
from strongroom.core.policy.file import parse_policy
from strongroom.core.settings.file import parse_settings

CONTRACTS = [
    # old, new, message
    ("logicalType: integer", "required: yes\n        logicalType: integer", "c.yaml:12: 'required' is true or false. Write true or false; yes, no, on and off are texts."),
    ("minLength: 1", "minLenght: 1", "c.yaml:17: Unknown key 'minLenght' in 'logicalTypeOptions' of string. Did you mean 'minLength'?"),
    ("maximum: '2029-12-31'", "format: yyyy-QQ", "c.yaml:21: This date format cannot be read. Use yyyy, MM, dd, HH, mm, ss, SSS and XXX."),
    ("{method: hash}", "{method: encrypt, mode: random}", "c.yaml:14: 'mode' is one of deterministic, randomised."),
    ("{property: subject, value: true}", "{property: subjct, value: true}", "c.yaml:14: Unknown custom property 'subjct'. Did you mean 'subject'?"),
    ("metric: rowCount", "rule: rowCount", "c.yaml:37: 'rule' is not run. Write 'metric'."),
    ("unit: percent", "dimension: sped", "c.yaml:26: 'dimension' may not be 'sped'. Known: accuracy, completeness, conformity, consistency, coverage, timeliness, uniqueness."),
    ("type: local", "type: kafka", "c.yaml:7: A server of type 'kafka' is not read. Known: local, s3, azure, custom. Tables of other systems are read once they lie in files, which --server or an overlay may name."),
    ("value: 0.1}", "value: {prcent: 20}}", "c.yaml:38: Unknown key 'prcent' in 'quarantineLimit'. Did you mean 'percent'?"),
]  # fmt: skip
POLICIES = [
    # text, message
    (GRANT.replace("[read]", "[reads]") % "", "p.yaml:4: 'reads' is none of actions. Did you mean 'read'?"),
    (GRANT.replace("role: analyst,", 'role: "*",') % "", "p.yaml:4: A grant to everyone. Name a role; only a deny may hold for all."),
    (GRANT % ", columns: {mask: {email: show-last-5}}", "p.yaml:4: Unknown mask 'show-last-5'. Did you mean 'show-last-4'?"),
    (GRANT % ", enforce: cryptographic", "p.yaml:4: The role 'analyst' has no key, so there is nothing to wrap what it is given under. Add 'key: file:PATH' (or another provider) to the role."),
    (GRANT % ", until: 30.06.2027", "p.yaml:4: 'until' is not a date. Write it as 2027-06-30 or 2027-06-30T12:00:00Z."),
    (HEAD + "grant: []", "p.yaml:3: Unknown key 'grant'. Did you mean 'grants'?"),
]  # fmt: skip
SETTINGS = [
    # text, message
    ("lake: x\nkeys: x\npolicy: p\ncontracts: c\nprincipal: ada\n", "s.yaml:5: 'principal' names who runs a job. Write user:ada."),
    ("lake: x\nlke: y\nkeys: env:K\npolicy: p\ncontracts: c\n", "s.yaml:2: Unknown setting 'lke'. Did you mean 'lake'?"),
    ("lake: x\nlake: y\n", "s.yaml:2: The key 'lake' stands here twice. It is on line 1 too."),
    ("lake: &a x\n", "s.yaml:1: The anchor '&a'. Remove it: anchors are not read."),
]  # fmt: skip


def messages(parse, text, file):
    with pytest.raises(ConfigError) as caught:
        parse(text, file)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(("old", "new", "message"), CONTRACTS, ids=[row[2][:40] for row in CONTRACTS])
def test_what_is_said_of_a_contract(old, new, message):
    assert message in messages(parse_contract, SOUND.replace(old, new, 1), "c.yaml")


@pytest.mark.parametrize(("text", "message"), POLICIES, ids=[row[1][:40] for row in POLICIES])
def test_what_is_said_of_a_policy(text, message):
    assert message in messages(parse_policy, text, "p.yaml")


@pytest.mark.parametrize(("text", "message"), SETTINGS, ids=[row[1][:40] for row in SETTINGS])
def test_what_is_said_of_settings(text, message):
    assert message in messages(parse_settings, text, "s.yaml")
