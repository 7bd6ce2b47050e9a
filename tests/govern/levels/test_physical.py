"""Projections never give a member of their role what the policy withholds from them, whatever else they are in."""

from dataclasses import replace

import pytest

from govern import policies
from strongroom.core.policy import Columns, Deny, Grant, Policy, Role
from strongroom.core.policy.decision import Request
from strongroom.govern.engine.engine import Engine
from strongroom.govern.levels.physical import content_of, members, projection_for, projections

AT = policies.START
TABLE = "training.reviews"
COLUMNS = ("email", "user_id", "label")


def rows_of(decision, column):
    """The row expressions that a column is given for; none is every row."""
    return set(decision.conditions.get(column) or decision.rows)


@pytest.mark.whole
def test_nobody_finds_in_their_projection_what_the_policy_withholds_from_them():
    cells = 0
    for seed in range(1_500):
        engine, asked = Engine(policies.physical(seed)), policies.request(seed)
        everything = replace(asked, action="read", actor="", columns=policies.COLUMNS)
        for each in projections(engine, everything):
            for who in members(engine.policy, each.role):
                for purpose in (*each.purposes, *(["unheard_of"] if "" in each.purposes else [])):
                    mine = engine.narrow(replace(everything, principal=who, purpose=purpose))
                    for column in each.decision.columns:
                        cells += 1
                        assert column in mine.columns, (seed, who, each)
                        if column in mine.masks:
                            shown = each.decision.masks.get(column)
                            assert shown in (mine.masks[column], "replace-with-null"), (seed, who, each)
                        wanted, given = rows_of(mine, column), rows_of(each.decision, column)
                        assert not wanted or (given and given <= wanted), (seed, who, each)
    assert cells > 1_500, "else this would show nothing"


@pytest.mark.whole
def test_nobody_is_sent_to_more_than_the_policy_gives_them():
    sent = 0
    for seed in range(1_500):
        engine, asked = Engine(policies.physical(seed)), policies.request(seed)
        everything = replace(asked, action="read", actor="", columns=policies.COLUMNS)
        for who in policies.USERS:
            for purpose in ("", *policies.PURPOSES, "unheard_of"):
                mine = engine.narrow(replace(everything, principal=who, purpose=purpose))
                if not mine.allowed or mine.level != "physical":
                    continue
                if (each := projection_for(projections(engine, everything), mine)) is not None:
                    sent += 1
                    for column in each.decision.columns:
                        wanted, given = rows_of(mine, column), rows_of(each.decision, column)
                        assert column in mine.columns, (seed, who, purpose)
                        assert column not in mine.masks or column in each.decision.masks, (seed, who, purpose)
                        assert not wanted or (given and given <= wanted), (seed, who, purpose)
    assert sent > 500, "else this would show nothing"


def one(*grants, denies=(), ada=("science",), extra=()):
    roles = [Role(name, ("user:ada", "user:al") if name in ada else ("user:bo",)) for name in ("science", "sales")]
    return Engine(Policy("p.yaml", "", (*roles, *extra), (), tuple(grants), tuple(denies)))


def ask(engine, who="user:ada", purpose=""):
    request = Request(
        who, "read", TABLE, AT, COLUMNS, purpose, "", dict.fromkeys(COLUMNS, ""), dict.fromkeys(COLUMNS, ())
    )
    return request, tuple(projections(engine, request))


READ = {"actions": ("read",), "tables": (TABLE,), "enforce": "physical"}


READS, BOTH = Grant("science", **READ), ("science", "sales")


@pytest.mark.parametrize(
    ("engine", "wanted", "why"),
    [
        (one(READS), [("any", COLUMNS)], "one role, one projection"),
        (one(Grant("science", ("read",), (TABLE,))), [], "an advisory grant has none"),
        (one(replace(READS, purposes=("a", "b"))), [("a--b", COLUMNS)], "purposes that see the same"),
        (
            one(replace(READS, purposes=("a", "b")), replace(READS, purposes=("b",), rows="label = 'x'")),
            [("a--b", COLUMNS)],
            "every row and some rows are every row",
        ),
        (
            one(replace(READS, purposes=("a",), columns=Columns(("email",))), replace(READS, purposes=("b",))),
            [("a", ("email",)), ("b", COLUMNS)],
            "purposes that see differently",
        ),
        (
            one(READS, denies=[Deny("science", ("read",), ("*",), ("ads",), ("email",))]),
            [("any", ("user_id", "label"))],
            "who says no purpose is not given what is denied for one",
        ),
        (
            one(READS, Grant("sales", **READ, columns=Columns(deny=("label",))), ada=BOTH),
            [("any", ("email", "user_id"))] * 2,
            "what one role withholds from a member, no projection of hers holds",
        ),
        (
            one(READS, denies=[Deny("sales", ("read",), (TABLE,))], ada=BOTH),
            [],
            "closed to one member, closed to all",
        ),
        (one(READS, Grant("sales", ("grant",), ("*",)), ada=BOTH), [], "who may grant does not read"),
    ],
)
def test_each_role_has_the_projections_that_all_its_members_may_have(engine, wanted, why):
    _, found = ask(engine)
    shown = [(each.table.split(".")[2], each.decision.columns) for each in found]
    assert [columns for _, columns in shown] == [columns for _, columns in wanted], why
    assert [name for name, _ in shown] == [name for name, _ in wanted], why


def test_an_encrypted_column_is_given_by_name_only():
    for allow, wanted in (
        (("*",), COLUMNS[1:]),
        (("classification:personal", "label"), ("label",)),
        (("email",), ("email",)),
    ):
        engine = one(Grant("science", **READ, columns=Columns(allow)))
        request, _ = ask(engine)
        found = next(iter(projections(engine, request, sealed={"email"})))
        assert found.decision.columns == wanted, allow


def test_a_reader_is_sent_to_the_first_of_their_roles_for_their_purpose():
    sales, science = Grant("sales", **READ, purposes=("ads",)), Grant("science", **READ, purposes=("other",))
    for grants, purpose, wanted in (
        ((sales, science), "ads", "sales.ads"),
        ((sales, science), "other", "science.other"),
        ((sales, Grant("science", **READ)), "ads", "science.any"),
    ):
        engine = one(*grants, ada=("science", "sales"))
        request, found = ask(engine, purpose=purpose)
        sent = projection_for(found, engine.narrow(request))
        assert sent is not None
        assert sent.table == f"projected.{wanted}.{TABLE}", purpose


def test_a_purpose_for_which_the_members_have_nothing_together_is_not_answered_by_that_for_any():
    ads = {**READ, "purposes": ("ads",)}
    third = Role("third", ("user:al",))
    engine = one(
        Grant("science", **READ, columns=Columns(("label", "user_id"))),
        Grant("sales", **ads, columns=Columns(("email",), ("label", "email"))),
        Grant("third", **ads, columns=Columns(("email",), ("user_id", "email"))),
        extra=(third,),
    )
    engine = Engine(replace(engine.policy, roles=(engine.policy.roles[0], Role("sales", ("user:ada",)), third)))
    request, found = ask(engine, purpose="ads")
    answer = engine.narrow(request)
    assert answer.columns == ("user_id",)
    assert projection_for(found, answer) is None
    request, found = ask(engine, purpose="other")
    assert projection_for(found, engine.narrow(request)) is not None


def test_where_an_advisory_grant_gives_too_the_source_gives_only_what_it_gives():
    narrow = Grant("sales", ("read",), (TABLE,), columns=Columns(("label",)))
    engine = one(Grant("science", **READ, columns=Columns(deny=("email",))), narrow, ada=("science", "sales"))
    request, _ = ask(engine)
    answer = engine.narrow(request)
    assert (answer.columns, answer.level) == (("user_id", "label"), "advisory")
    assert engine.at_source(answer.request).columns == ("label",)
    masked = one(
        Grant("science", **READ, columns=Columns(mask={"label": "mask-alphanum"})), narrow, ada=("science", "sales")
    )
    source = masked.at_source(masked.narrow(request).request)
    assert dict(source.masks) == {"label": "mask-alphanum"}, "what the physical grant masks is masked here, too"


def test_contents_are_told_apart_by_columns_masks_rows_and_conditions():
    contents = []
    for columns, rows in (
        (Columns(), ""), (Columns(deny=("email",)), ""), (Columns(mask={"label": "mask-alphanum"}), ""),
        (Columns(), "label = 'a'"),
    ):  # fmt: skip
        _, found = ask(one(Grant("science", **READ, columns=columns, rows=rows)))
        contents.append(content_of(found[0].decision))
    assert len(set(contents)) == 4
    _, same = ask(one(Grant("science", **READ, where="elsewhere:9")))
    assert content_of(same[0].decision) == contents[0], "a line more in the policy file changes nothing"
