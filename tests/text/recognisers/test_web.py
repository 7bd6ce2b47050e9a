"""E-mail and web addresses, machines, user names."""

import pytest

from support.finding import found, of


@pytest.mark.parametrize(
    ("entity", "text", "letters", "why"),
    [
        ("email", "write to j.smith+x@mail.example.co.uk.", "j.smith+x@mail.example.co.uk", "not the full stop"),
        ("email", "<maría@exämple.de>", "maría@exämple.de", "letters of any script"),
        ("email", "ana [at] example.com", "ana [at] example.com", "written out"),
        ("email", "ana at example dot com", "ana at example dot com", "in words"),
        ("profile", "see https://a.example/users/jsmith, yes", "https://a.example/users/jsmith", "a path of people"),
        ("profile", "https://x.example/q?email=a%40b.io", "https://x.example/q?email=a%40b.io", "a query with one"),
        ("profile", "www.blog.io/2020/agnieszka", "www.blog.io/2020/agnieszka", "a name in it"),
        ("url", "http://StellarListings.es/.", "http://StellarListings.es/", "without a person"),
        ("ip", "from 195.206.132.199 at", "195.206.132.199", ""),
        ("ip", "[2001:db8::8a2e:370:7334]", "2001:db8::8a2e:370:7334", "version 6"),
        ("mac", "00:1B:44:11:3A:B7", "00:1B:44:11:3A:B7", ""),
        ("username", "follow @jane_doe91 there", "@jane_doe91", "a handle"),
        ("username", "username: kate.m_87", "kate.m_87", "after its word"),
    ],
)  # fmt: skip
def test_is_found_as_it_stands(entity, text, letters, why):
    assert letters in of(text, entity), why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("at 12:30:45 it was 10:20", "times"),
        ("release 1.2.3.4 and version 10.0.0.1", "versions"),
        ("300.1.2.3", "no address has 300"),
        ("std::vector", "code"),
        ("3 @ 5 each", "a price"),
        ("user login failed", "a word after a word"),
        ("look at the dot com boom", "words alone"),
    ],
)
def test_stays(text, why):
    assert found(text) == [], why
