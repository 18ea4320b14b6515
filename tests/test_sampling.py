"""What is left of very many cases."""

from sampling import kind_of_place, sampled

CASES = [("rare", 0), *(("often", number) for number in range(1, 100)), ("rarer", 100)]


def kind(case: tuple[str, int]) -> str:
    return case[0]


def test_one_of_every_kind_is_left_in_order():
    kept = sampled(CASES, kind, most=10)
    assert len(kept) == 10
    assert kept == sorted(kept, key=lambda case: case[1])
    assert {kind(case) for case in kept} == {"rare", "often", "rarer"}
    assert kept == sampled(CASES, kind, most=10)


def test_more_are_left_where_there_are_more_kinds():
    assert len(sampled(CASES, kind, most=1)) == 3
    assert sampled(CASES, kind, most=1000) == CASES


def test_items_of_a_list_are_of_one_kind():
    assert kind_of_place(("axes", 0, "name")) == kind_of_place(("axes", 3, "name"))
    assert kind_of_place(("axes", 0, "name")) != kind_of_place(("axes", 0, "unit"))
