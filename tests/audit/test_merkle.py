"""The Merkle tree is that of RFC 6962: published heads and proofs, and a second way to compute every one."""

from __future__ import annotations

from hashlib import sha256

import pytest

from strongroom.audit import merkle

# The leaves, heads and paths of the reference tree of certificate-transparency
# (https://github.com/google/certificate-transparency, merkletree tests; the same in transparency-dev/merkle).
ENTRIES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
HEADS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def branch(left, right):
    return sha256(b"\x01" + left + right).digest()


def head_by_definition(leaves):
    """MTH of RFC 6962, word by word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return branch(head_by_definition(leaves[:k]), head_by_definition(leaves[k:]))


def path_by_definition(m, leaves):
    """PATH of RFC 6962, word by word."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*path_by_definition(m, leaves[:k]), head_by_definition(leaves[k:])]
    return [*path_by_definition(m - k, leaves[k:]), head_by_definition(leaves[:k])]


def subproof_by_definition(m, leaves, whole):
    """SUBPROOF of RFC 6962, word by word."""
    if m == len(leaves):
        return [] if whole else [head_by_definition(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof_by_definition(m, leaves[:k], whole), head_by_definition(leaves[k:])]
    return [*subproof_by_definition(m - k, leaves[k:], False), head_by_definition(leaves[:k])]


def consistent(*, old_size, old_head, size, head, proof):
    """Whether a proof shows that the log of `size` entries begins with the very log of `old_size` entries."""
    if old_size == size:
        return not proof and old_head == head
    if not 0 < old_size < size or not proof:
        return False
    steps = proof if old_size & (old_size - 1) else (old_head, *proof)
    node, last = old_size - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    steps = iter(steps)
    old = new = next(steps)
    for step in steps:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = branch(step, old), branch(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = branch(new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_head and new == head


def leaves_of(size):
    return [merkle.leaf_hash(str(number).encode()) for number in range(size)]


def test_an_empty_log_has_the_hash_of_nothing():
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_heads_are_those_of_the_reference_tree(size):
    assert merkle.root(LEAVES[:size]).hex() == HEADS[size - 1]


def test_a_published_path_and_a_published_consistency_proof_come_out():
    # audit path of entry 5 in the tree of 8, and consistency of 6 with 8, from the same reference tests
    assert [step.hex()[:8] for step in merkle.inclusion_proof(LEAVES, 5)] == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [step.hex()[:8] for step in merkle.consistency_proof(LEAVES, 6)] == ["0ebc5d34", "ca854ea1", "d37ee418"]


def test_proofs_are_those_of_the_definition_and_check_for_every_size_to_40():
    for size in range(1, 41):
        leaves = leaves_of(size)
        head = merkle.root(leaves)
        assert head == head_by_definition(leaves)
        for index in range(size):
            proof = merkle.inclusion_proof(leaves, index)
            assert proof == path_by_definition(index, leaves)
            assert merkle.included(leaves[index], index, size=size, head=head, proof=proof)
        for old in range(1, size + 1):
            proof = merkle.consistency_proof(leaves, old)
            assert proof == subproof_by_definition(old, leaves, True)
            old_head = merkle.root(leaves[:old])
            assert consistent(old_size=old, old_head=old_head, size=size, head=head, proof=proof)


def test_a_wrong_leaf_index_size_head_or_proof_is_not_included():
    for size in (1, 2, 3, 7, 8, 13):
        leaves = leaves_of(size)
        head = merkle.root(leaves)
        for index in range(size):
            proof = merkle.inclusion_proof(leaves, index)
            good = {"leaf": leaves[index], "index": index, "size": size, "head": head, "proof": proof}
            wrong = [
                {"leaf": merkle.leaf_hash(b"other")},
                {"index": index + 1},
                {"index": -1},
                {"index": size},
                {"head": merkle.EMPTY},
                {"proof": [*proof, merkle.EMPTY]},
            ]
            wrong += [{"proof": [*proof[:at], merkle.EMPTY, *proof[at + 1 :]]} for at in range(len(proof))]
            wrong += [{"proof": proof[1:]}, {"proof": proof[:-1]}] if proof else []
            assert merkle.included(**good)
            for change in wrong:
                assert not merkle.included(**(good | change)), (size, index, change)


def test_a_wrong_size_head_or_proof_is_not_consistent():
    for size in (2, 3, 7, 8, 13):
        leaves = leaves_of(size)
        head = merkle.root(leaves)
        for old in range(1, size):
            proof = merkle.consistency_proof(leaves, old)
            good = {"old_size": old, "old_head": merkle.root(leaves[:old]), "size": size, "head": head, "proof": proof}
            wrong = [{"old_size": 0}, {"old_size": size + 1}, {"old_head": head}, {"head": good["old_head"]}]
            wrong += [{"proof": [*proof[:at], merkle.EMPTY, *proof[at + 1 :]]} for at in range(len(proof))]
            wrong += [{"proof": proof[1:]}, {"proof": proof[:-1]}, {"proof": [*proof, merkle.EMPTY]}, {"proof": []}]
            assert consistent(**good)
            for change in wrong:
                assert not consistent(**(good | change)), (size, old, change)


@pytest.mark.parametrize("index", [-1, 8])
def test_there_is_no_proof_of_an_entry_that_is_not_there(index):
    with pytest.raises(IndexError):
        merkle.inclusion_proof(LEAVES, index)


@pytest.mark.parametrize("old", [0, 9])
def test_there_is_no_proof_of_a_head_that_never_was(old):
    with pytest.raises(IndexError):
        merkle.consistency_proof(LEAVES, old)
