"""Tests of the made-up people."""

import random

from npf_pipelines.sandbox.people import draw_customer


def test_the_same_dice_draw_the_same_person() -> None:
    assert draw_customer(random.Random(3), 1) == draw_customer(random.Random(3), 1)


def test_everybody_can_be_sent_a_parcel_and_nobody_is_real() -> None:
    dice = random.Random(1)
    people = [draw_customer(dice, number) for number in range(300)]
    for person in people:
        place = person.ship_to
        assert all((place.firstname, place.lastname, place.address, place.city, place.zipcode, place.country))
        assert "{" not in place.address
        assert person.email.split("@")[1] in {"example.com", "example.net", "example.org"}
    assert any(person.bill_to != person.ship_to for person in people)
