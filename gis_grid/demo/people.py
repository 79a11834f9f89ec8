"""Households with believable ages and identity numbers nobody can have (area 990101 is not assigned)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from gis_grid.demo.names import child_name, person_name
from gis_grid.people.rules import check_digit

AREA = "990101"
# kind: weight among own homes, among rented ones
_KINDS = {
    "single": (9, 34),
    "couple": (20, 24),
    "family": (34, 18),
    "three_generations": (15, 3),
    "elders": (12, 1),
    "elder_alone": (6, 0),
    "one_parent": (4, 4),
    "flatmates": (0, 16),
}


@dataclass(frozen=True)
class Person:
    """One generated person. relation: GB/T 4761; marital: GB/T 2261.2; education: GB/T 4658."""

    name: str
    relation: str
    sex: str
    birth: date
    marital: str
    education: str
    classes: tuple[str, ...] = ()


class IdNumbers:
    """Numbers never given twice: the same day and sex counts on."""

    def __init__(self) -> None:
        self._next: dict[tuple[date, str], int] = {}

    def take(self, birth: date, sex: str) -> str:
        """18 characters with the right check digit; there are 499 for each day and sex."""
        count = self._next.get((birth, sex), 0)
        if count > 498:
            raise ValueError(f"no identity number left for {birth}")
        self._next[birth, sex] = count + 1
        first = f"{AREA}{birth:%Y%m%d}{count * 2 + (1 if sex == '1' else 2):03d}"
        return first + check_digit(first)


def household(random: Random, rented: bool, today: date) -> list[Person]:
    """The people of one home, the head first."""
    weights = [pair[int(rented)] for pair in _KINDS.values()]
    kind = random.choices(list(_KINDS), weights)[0]
    return _MAKERS[kind](random, today)


def _born(random: Random, age: int, today: date) -> date:
    return today - timedelta(days=int((age + random.random()) * 365.2425))


def _person(random: Random, relation: str, sex: str, age: int, marital: str, today: date, name: str | None = None) -> Person:
    classes: tuple[str, ...] = ()
    if random.random() < 0.012:
        classes = (random.choice(("disabled", "low_income", "veteran")),)
    return Person(
        name or person_name(random, sex, age), relation, sex, _born(random, age, today), marital, _education(random, age), classes
    )


def _education(random: Random, age: int) -> str:
    if age < 6:
        return "90"
    if age < 12:
        return "80"
    if age < 15:
        return "70"
    if age < 18:
        return "60"
    if age > 65:
        return random.choices(["80", "70", "60", "30", "20"], [42, 33, 15, 6, 4])[0]
    return random.choices(["80", "70", "60", "40", "30", "20", "10"], [5, 24, 22, 10, 18, 18, 3])[0]


def _sex(random: Random) -> str:
    return random.choice("12")


def _pair(random: Random, age: int, today: date) -> list[Person]:
    sex = "1" if random.random() < 0.8 else "2"
    other = "2" if sex == "1" else "1"
    spouse_age = max(20, age + random.randint(-5, 3) * (1 if sex == "1" else -1))
    return [
        _person(random, "02", sex, age, "20", today),
        _person(random, "12" if other == "2" else "11", other, spouse_age, "20", today),
    ]


def _children(random: Random, parents: list[Person], count: int, today: date) -> list[Person]:
    father = next((one for one in parents if one.sex == "1"), parents[0])
    youngest_parent = min(_age(one, today) for one in parents)
    made = []
    for _ in range(count):
        age = random.randint(0, max(0, min(24, youngest_parent - 22)))
        sex = "1" if random.random() < 0.52 else "2"
        name = child_name(random, father.name, sex, age)
        made.append(_person(random, "20" if sex == "1" else "30", sex, age, "10", today, name))
    return made


def _age(person: Person, today: date) -> int:
    return (today - person.birth).days // 365


def _single(random: Random, today: date) -> list[Person]:
    return [_person(random, "02", _sex(random), random.randint(21, 48), "10", today)]


def _couple(random: Random, today: date) -> list[Person]:
    return _pair(random, random.choice((random.randint(24, 36), random.randint(48, 66))), today)


def _family(random: Random, today: date) -> list[Person]:
    parents = _pair(random, random.randint(27, 52), today)
    return parents + _children(random, parents, random.choices([1, 2, 3], [62, 34, 4])[0], today)


def _three_generations(random: Random, today: date) -> list[Person]:
    parents = _pair(random, random.randint(28, 46), today)
    head = parents[0]
    elder_age = _age(head, today) + random.randint(23, 31)
    both = random.random() < 0.6
    elders = [_person(random, "52", "2", elder_age - random.randint(0, 4), "20" if both else "30", today)]
    if both:
        name = head.name[0] + person_name(random, "1", elder_age)[1:]
        elders.append(_person(random, "51", "1", elder_age, "20", today, name))
    return parents + _children(random, parents, random.choices([1, 2], [60, 40])[0], today) + elders


def _elders(random: Random, today: date) -> list[Person]:
    return _pair(random, random.randint(61, 86), today)


def _elder_alone(random: Random, today: date) -> list[Person]:
    sex = "2" if random.random() < 0.68 else "1"
    one = _person(random, "02", sex, random.randint(65, 93), "30", today)
    return [Person(one.name, one.relation, one.sex, one.birth, one.marital, one.education, ("elderly_alone",))]


def _one_parent(random: Random, today: date) -> list[Person]:
    parent = _person(random, "02", "2" if random.random() < 0.75 else "1", random.randint(28, 50), "40", today)
    return [parent, *_children(random, [parent], random.choices([1, 2], [80, 20])[0], today)]


def _flatmates(random: Random, today: date) -> list[Person]:
    count = random.choices([2, 3, 4], [55, 33, 12])[0]
    made = [_person(random, "02", _sex(random), random.randint(19, 40), "10", today)]
    for _ in range(count - 1):
        one = _person(random, "99", _sex(random), random.randint(19, 40), "10", today)
        made.append(Person(one.name, one.relation, one.sex, one.birth, one.marital, one.education, ("floating",)))
    return made


_MAKERS = {
    "single": _single,
    "couple": _couple,
    "family": _family,
    "three_generations": _three_generations,
    "elders": _elders,
    "elder_alone": _elder_alone,
    "one_parent": _one_parent,
    "flatmates": _flatmates,
}
