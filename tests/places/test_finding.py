"""Communities found by name, letters, town, county and code; names read as they are read in Guangdong."""

import csv
from functools import cache

import pytest

from tracker.places.finding import find, label, listing, short, spells, stem, words_of
from tracker.places.load_divisions import packaged
from tracker.places.pinyin import syllables
from tracker.reference import Place


@cache
def city() -> tuple[Place, ...]:
    """Every community of Qingyuan."""
    with packaged().open(encoding="utf-8-sig", newline="") as file:
        rows = {row["code"]: row for row in csv.DictReader(file)}
    places = []
    for row in rows.values():
        if row["level"] == "community":
            town = rows[row["parent_code"]]
            county = rows[town["parent_code"]]
            places.append(
                Place(
                    row["code"],
                    row["name"],
                    town["name"],
                    county["name"],
                    county["code"],
                    county["parent_code"],
                    row["kind"],
                )
            )
    return tuple(places)


def labels(typed: str) -> list[str]:
    return [label(place) for place in find(city(), typed)]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("佛冈县", "fo gang xian"),
        ("长埔村委会", "chang pu/bu cun wei hui"),
        ("长岭村委会", "chang ling cun wei hui"),
        ("朝阳社区居委会", "chao yang she qu ju wei hui"),
        ("新圩村委会", "xin xu cun wei hui"),
        ("黄陂村委会", "huang bei cun wei hui"),
        ("鱼咀村委会", "yu zui cun wei hui"),
        ("大埔村委会", "da pu/bu cun wei hui"),
        ("浛洸镇", "han guang zhen"),
        ("大崀镇", "da lang zhen"),
        ("黄坌镇", "huang ben zhen"),
        ("江埗村委会", "jiang bu cun wei hui"),
        ("重新村委会", "chong xin cun wei hui"),
        ("永乐", "yong le"),
        ("A座", "a zuo"),
    ],
)
def test_names_are_read_as_people_there_read_them(name: str, read: str) -> None:
    assert " ".join(syllables(name)) == read


def test_every_name_has_a_sound_for_each_character() -> None:
    for place in city():
        for name in (place.name, place.town, place.county):
            assert len(syllables(name)) == len(name)
            assert all(sound.replace("/", "").isascii() for sound in syllables(name)), name


@pytest.mark.parametrize(
    "typed",
    [
        "澜水",
        "澜水村委会",
        "lanshui",
        "LanShui",
        "ｌａｎｓｈｕｉ",
        "lansh",
        "东城 ls",
        "dcjd lanshui",
        "清城 澜水",
        "澜水，东城",
        "dcls",
        "qcdcls",
        "清城区东城街道澜水",
        "清城东城澜水",
        "441802007206",
    ],
)
def test_one_place_is_found_in_many_ways(typed: str) -> None:
    assert labels(typed)[0] == "清城区 东城街道 澜水村委会"


def test_a_town_brings_its_communities_and_a_code_those_below_it() -> None:
    in_town = [label(place) for place in city() if place.town == "东城街道"]
    assert sorted(labels("dcjd")) == sorted(in_town)
    assert sorted(labels("441802007")) == sorted(in_town)
    assert all(one.startswith("佛冈县 石角镇") for one in labels("fogang shijiao"))
    assert any(one.startswith("佛冈县 石角镇") for one in labels("fogang shijiao"))


def test_the_name_goes_before_the_town_and_the_town_before_the_county() -> None:
    found = labels("龙山")
    assert found[0].split()[-1].startswith("龙山")
    ranked = labels("三江")
    assert ranked[0].split()[-1].startswith("三江")


@pytest.mark.parametrize("typed", ["", "  ", "，", "没有的村", "xyzxyz", "999999999999", "东城 没有"])
def test_what_fits_nothing_finds_nothing(typed: str) -> None:
    assert labels(typed) == []


def test_letters_spell_syllables_one_after_the_other() -> None:
    sounds = ("dong", "cheng", "pu/bu")
    for word in ("d", "dong", "dc", "dcp", "dcb", "dongchengbu", "dochpu"):
        assert spells(word, sounds), word
    for word in ("c", "dd", "dongx", "dcpb", "ongcheng"):
        assert not spells(word, sounds), word


def test_endings_are_left_off() -> None:
    assert stem("澜水社区居委会") == "澜水"
    assert stem("居委会") == "居委会"
    assert (short("东城街道"), short("连山壮族瑶族自治县"), short("瑶安瑶族乡")) == ("东城", "连山", "瑶安")
    assert words_of("Ａ·b/c，d e f g") == ["a", "b", "c", "d", "e", "f"]


def test_the_list_names_each_town_and_county_once() -> None:
    made = listing(city())
    assert (len(made["counties"]), len(made["places"])) == (8, 1235)
    of_code = {code: (name, town, rural) for code, name, _, town, rural in made["places"]}
    name, town, rural = of_code["441802007206"]
    town_name, _, county = made["towns"][town]
    assert (name, town_name, made["counties"][county][0], rural) == ("澜水村委会", "东城街道", "清城区", 1)
