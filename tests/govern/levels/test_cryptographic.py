"""A role's keys are exactly those that open nothing but what each of its members may see in clear."""

from dataclasses import replace

import pytest

from govern import policies
from strongroom.core.keys.handed_out import Handed
from strongroom.core.policy import Columns, Deny, Grant, Policy, Role
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.compiled import compile_grant
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.cryptographic import Sealed, handing, kept, keyed, role_keys, strangers
from strongroom.govern.levels.physical import members

AT = policies.START.replace(day=10)
TABLE = "training.reviews"
SEALED = tuple(
    Sealed(table, path, key, classification, tags)
    for table, path, key, classification, tags in (
        (TABLE, "email", "domain|email", "personal", ("pii",)),
        (TABLE, "note", "classification|internal", "internal", ()),
        (TABLE, "address.city", "column|city", "personal", None),
        ("training.orders", "email", "domain|email", "personal", ("pii",)),
        ("training.orders", "note", "classification|internal", "internal", ()),
        ("training.orders", "user_id", "column|id", "personal", ()),
    )
)


def request(each, who, purpose):
    tags = {} if each.tags is None else {each.path: each.tags}
    return Request(
        who, "read", each.table, AT, (each.path,), purpose, "", {each.path: each.classification}, tags, (each.path,)
    )


def alone(policy, role):
    """The policy in which only this role's grants by keys give anything, and all others take what they take."""
    grants = [
        each
        if each.enforce == "cryptographic" and each.role == role.name
        else replace(each, columns=replace(each.columns, allow=("nothing",)))
        for each in policy.grants
    ]
    return Engine(replace(policy, grants=tuple(grants)))


def by_asking(engine, role, each):
    """Whether every member is given this column in clear for a purpose of the role's grants, asked one by one."""
    people = members(engine.policy, role)
    rules = [
        compile_grant(grant)
        for grant in engine.policy.grants
        if grant.role == role.name and grant.enforce == "cryptographic"
    ]
    bearing = [rule for rule in rules if rule.holds(AT.timestamp()) and rule.means(each.table)]
    return bool(people) and any(
        all(each.path in engine.decide(request(each, who, purpose)).clear for who in people)
        for purpose in {purpose for rule in bearing for purpose in rule.purposes or ("",)}
    )


@pytest.mark.whole
def test_a_role_holds_exactly_the_keys_whose_every_column_the_engine_gives_to_every_member():
    given = withheld = shared = 0
    for seed in range(1_500):
        policy = policies.keyed(seed)
        for found in role_keys(Engine(policy), SEALED, at=AT):
            engine = alone(policy, found.role)
            wanted = {each for each in SEALED if by_asking(engine, found.role, each)}
            for key in {each.key for each in SEALED}:
                opens = {each for each in SEALED if each.key == key}
                assert (key in found.keys) == (opens <= wanted), (seed, found.role.name, key)
                assert (key in found.barred) == bool(opens & wanted and not opens <= wanted), (seed, key)
                given, withheld = given + (opens <= wanted), withheld + (not opens <= wanted)
                shared += key in found.barred
    assert given > 300, "else this would show nothing"
    assert shared > 100
    assert withheld > 1_000


@pytest.mark.whole
def test_nobody_holds_a_key_of_what_the_whole_policy_does_not_give_them_in_clear():
    held = 0
    for seed in range(1_500):
        engine = Engine(policies.keyed(seed))
        for found in role_keys(engine, SEALED, at=AT):
            for each in SEALED:
                if each.key not in found.keys:
                    continue
                for who in found.members:
                    held += 1
                    asked = [engine.decide(request(each, who, purpose)) for purpose in ("", *policies.PURPOSES)]
                    assert any(each.path in decision.clear for decision in asked), (seed, who, each)
    assert held > 500


def one(*grants, denies=(), ada=("support",), groups=()):
    roles = [
        Role(name, ("user:ada", "user:al") if name in ada else ("user:bo",), key=f"file:/{name}")
        for name in ("support", "sales")
    ]
    return Engine(Policy("p.yaml", "", tuple(roles), groups, tuple(grants), tuple(denies)))


KEYED = Grant("support", ("read",), ("training.*",), enforce="cryptographic")
SALES = Grant("sales", ("read",), ("training.*",))
BOTH = ("support", "sales")
ALL = {each.key for each in SEALED}


@pytest.mark.parametrize(
    ("engine", "wanted", "why"),
    [
        (one(KEYED), ALL, "everything that is encrypted, and nothing else"),
        (one(replace(KEYED, enforce="advisory")), None, "the advisory level gives no key"),
        (one(replace(KEYED, enforce="physical")), None, "nor does the physical one"),
        (one(replace(KEYED, tables=(TABLE,))), {"column|city"}, "keys that open orders, too, are not given"),
        (one(replace(KEYED, columns=Columns(("address",)))), {"column|city"}, "what is inside of it"),
        (one(replace(KEYED, columns=Columns(("classification:internal",)))), {"classification|internal"}, "a class"),
        (one(replace(KEYED, columns=Columns(("label",)))), set(), "what lies in clear has no key"),
        (one(replace(KEYED, until=AT)), set(), "it has ended"),
        (one(replace(KEYED, purposes=("ads",))), ALL, "for one purpose: a key does not know for what"),
        (
            one(KEYED, denies=[Deny("support", ("read",), (TABLE,), ("ads",), ("email",))]),
            ALL - {"domain|email"},
            "what is denied for one purpose is denied when none is said",
        ),
        (
            one(KEYED, replace(SALES, columns=Columns(mask={"email": "show-last-4"})), ada=BOTH),
            ALL - {"domain|email"},
            "masked for a member, opened for none",
        ),
        (
            one(KEYED, replace(SALES, columns=Columns(deny=("address",))), ada=BOTH),
            ALL - {"column|city"},
            "withheld from a member",
        ),
        (one(KEYED, Grant("sales", ("grant",), ("*",)), ada=BOTH), set(), "who may grant does not read"),
        (one(KEYED, denies=[Deny("*", ("read",), (TABLE,))]), {"column|id"}, "a table that is closed to everybody"),
    ],
)
def test_a_role_holds_what_all_its_members_may_have(engine, wanted, why):
    found = {each.role.name: set(each.keys) for each in role_keys(engine, SEALED, at=AT)}
    assert found == ({} if wanted is None else {"support": wanted}), why


def test_a_grant_by_keys_gives_no_column_that_lies_in_clear_nor_the_table_as_it_lies():
    engine = one(KEYED)
    asked = Request("user:ada", "read", TABLE, AT, ("email", "label"), encrypted=("email",))
    assert not engine.decide(asked).allowed
    narrow = engine.narrow(asked)
    assert (narrow.columns, narrow.clear, narrow.level) == (("email",), ("email",), "cryptographic")
    assert not engine.decide(replace(asked, columns=())).allowed
    assert not engine.decide(replace(asked, columns=("email",), encrypted=())).allowed, "nobody said it is encrypted"


@pytest.mark.parametrize(
    ("other", "level", "clear", "why"),
    [
        (Grant("support", ("read",), (TABLE,)), "advisory", ("email",), "keys open it, whatever else gives it"),
        (
            Grant("support", ("read",), (TABLE,), columns=Columns(mask={"email": "show-last-4"})),
            "advisory",
            (),
            "masked for somebody, opened for nobody",
        ),
        (Grant("support", ("read",), (TABLE,), enforce="physical"), "physical", ("email",), "the weakest of both"),
    ],
)
def test_where_levels_meet_the_answer_is_as_strong_as_the_weakest(other, level, clear, why):
    asked = Request("user:ada", "read", TABLE, AT, ("email", "label"), encrypted=("email",))
    found = one(KEYED, other).decide(asked)
    assert (found.allowed, found.level, found.clear) == (True, level, clear), why


def test_at_the_source_only_what_files_give_is_left_out():
    asked = Request("user:ada", "read", TABLE, AT, ("email", "label"), encrypted=("email",))
    files = Grant("support", ("read",), (TABLE,), enforce="physical")
    found = one(KEYED, files).at_source(asked)
    assert (found.columns, found.level) == (("email",), "cryptographic")


def test_who_ever_held_a_key_is_remembered_until_they_may_see_what_it_opens_again():
    engine = one(KEYED)
    (before,) = role_keys(engine, SEALED, at=AT)
    record = handing(Handed(), before, (1,), "mark")
    assert kept(record, [before]) == {}
    fewer = replace(before, members=("user:ada",))
    assert kept(record, [fewer]) == {(key, 1): {"user:al"} for key in ALL}
    again = handing(record, fewer, (1,), "mark")
    assert kept(again, [fewer]) == kept(record, [fewer]), "giving it again forgets nobody"
    assert strangers(record, fewer, "mark") == strangers(again, fewer, "mark") == {"user:al"}
    assert strangers(record, fewer, "another") == strangers(record, fewer, "") == frozenset()
    sales = replace(before, role=Role("sales", ()), members=("user:al",))
    assert kept(record, [fewer, sales]) == {}, "another role gives it"
    less = replace(before, keys={"column|id": ("training.orders.user_id",)})
    assert {key for key, _ in kept(record, [less])} == ALL - {"column|id"}
    assert kept(handing(record, less, (2,), "mark"), [])[("column|id", 2)] == {"user:ada", "user:al"}


def test_only_roles_that_some_grant_gives_something_by_keys_are_weighed():
    assert [role.name for role in keyed(one(KEYED, SALES).policy)] == ["support"]
