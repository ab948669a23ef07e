"""The expected geometries stand here in NVIDIA's own words, independent of the table under test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.gpu_models import GPU_MODELS
from config.mig import Geometry, describe

# Instances of one profile alone: MIG User Guide, "Supported MIG Profiles", column "Number of Instances
# Available" (the same numbers as the `all-<profile>` configurations of NVIDIA/mig-parted).
PUBLISHED = {
    "A30-24GB": {"1g.6gb": 4, "1g.6gb+me": 1, "2g.12gb": 2, "2g.12gb+me": 1, "4g.24gb": 1},
    "A100-40GB": {
        "1g.5gb": 7,
        "1g.5gb+me": 1,
        "1g.10gb": 4,
        "2g.10gb": 3,
        "3g.20gb": 2,
        "4g.20gb": 1,
        "7g.40gb": 1,
    },
    "A100-80GB": {
        "1g.10gb": 7,
        "1g.10gb+me": 1,
        "1g.20gb": 4,
        "2g.20gb": 3,
        "3g.40gb": 2,
        "4g.40gb": 1,
        "7g.80gb": 1,
    },
    "H100-80GB": {
        "1g.10gb": 7,
        "1g.10gb+me": 1,
        "1g.20gb": 4,
        "2g.20gb": 3,
        "3g.40gb": 2,
        "4g.40gb": 1,
        "7g.80gb": 1,
    },
    "H100-94GB": {
        "1g.12gb": 7,
        "1g.12gb+me": 1,
        "1g.24gb": 4,
        "2g.24gb": 3,
        "3g.47gb": 2,
        "4g.47gb": 1,
        "7g.94gb": 1,
    },
    "H200-141GB": {
        "1g.18gb": 7,
        "1g.18gb+me": 1,
        "1g.35gb": 4,
        "2g.35gb": 3,
        "3g.71gb": 2,
        "4g.71gb": 1,
        "7g.141gb": 1,
    },
    "B200-180GB": {
        "1g.23gb": 7,
        "1g.23gb+me": 1,
        "1g.45gb": 4,
        "2g.45gb": 3,
        "3g.90gb": 2,
        "4g.90gb": 1,
        "7g.180gb": 1,
    },
}

# The fully used combinations in the guide's diagram "MIG Profiles on A100", by compute slices.
FULL_COMBINATIONS = [
    (7,),
    (4, 3),
    (4, 2, 1),
    (4, 1, 1, 1),
    (3, 3),
    (3, 2, 2),
    (3, 2, 1, 1),
    (3, 1, 1, 1, 1),
    (2, 2, 2, 1),
    (2, 2, 1, 1, 1),
    (2, 1, 1, 1, 1, 1),
    (1, 1, 1, 1, 1, 1, 1),
]
SEVEN_SLICES = ["A100-40GB", "A100-80GB", "H100-80GB", "H100-94GB", "H200-141GB", "B200-180GB"]


def geometry(model: str) -> Geometry:
    found = GPU_MODELS[model].mig
    assert found is not None
    return found


def plain(model: str, slices: tuple[int, ...]) -> dict[str, int]:
    """The mix of the plain profiles with that many compute slices."""
    by_slices = {profile.slices: profile.name for profile in reversed(geometry(model).profiles)}
    return dict(Counter(by_slices[count] for count in slices))


def placements(model: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every set of placements without overlap, grown slice by slice: another way than the one under test."""
    shape = geometry(model)

    def grow(slice_: int, names: tuple[str, ...], taken: int) -> Iterator[tuple[tuple[str, ...], int]]:
        if slice_ == shape.memory_slices:
            yield names, taken
            return
        yield from grow(slice_ + 1, names, taken)
        for profile in shape.profiles:
            mask = ((1 << profile.size) - 1) << slice_
            if slice_ in profile.starts and not taken & mask:
                yield from grow(slice_ + 1, (*names, profile.name), taken | mask)

    yield from grow(0, (), 0)


def placeable(model: str) -> set[frozenset[tuple[str, int]]]:
    found = set()
    for names, _ in placements(model):
        mix = Counter(names)
        if sum(count for name, count in mix.items() if name.endswith("+me")) <= 1 and names:
            found.add(frozenset(mix.items()))
    return found


def test_only_models_with_a_published_geometry_have_one() -> None:
    assert {name for name, model in GPU_MODELS.items() if model.mig} == set(PUBLISHED)


@pytest.mark.parametrize("model", PUBLISHED)
def test_a_model_offers_exactly_the_published_profiles(model: str) -> None:
    assert {profile.name: profile.most for profile in geometry(model).profiles} == PUBLISHED[model]


@pytest.mark.parametrize(("model", "name"), [(m, name) for m, names in PUBLISHED.items() for name in names])
def test_the_published_number_of_one_profile_fits_and_one_more_does_not(model: str, name: str) -> None:
    most = PUBLISHED[model][name]
    assert geometry(model).fits({name: most})
    assert not geometry(model).fits({name: most + 1})


@pytest.mark.parametrize("slices", FULL_COMBINATIONS)
@pytest.mark.parametrize("model", SEVEN_SLICES)
def test_every_combination_of_the_guide_fits(model: str, slices: tuple[int, ...]) -> None:
    assert geometry(model).fits(plain(model, slices))


@pytest.mark.parametrize("slices", FULL_COMBINATIONS)
def test_nothing_fits_beside_a_fully_used_combination(slices: tuple[int, ...]) -> None:
    assert not geometry("A100-80GB").fits(plain("A100-80GB", (*slices, 1)))


@pytest.mark.parametrize("model", SEVEN_SLICES)
def test_two_of_three_slices_leave_no_room_although_one_compute_slice_is_idle(model: str) -> None:
    assert not geometry(model).fits(plain(model, (3, 3, 1)))


def test_double_memory_instances_use_up_memory_before_compute() -> None:
    assert geometry("A100-80GB").fits({"1g.20gb": 1, "2g.20gb": 3})
    assert not geometry("A100-80GB").fits({"1g.20gb": 4, "1g.10gb": 1})


def test_a_gpu_gives_its_media_engines_to_one_instance_only() -> None:
    assert geometry("A30-24GB").fits({"1g.6gb+me": 1, "2g.12gb": 1})
    assert not geometry("A30-24GB").fits({"1g.6gb+me": 1, "2g.12gb+me": 1})


@pytest.mark.parametrize("model", PUBLISHED)
def test_exactly_the_mixes_that_can_be_placed_fit(model: str) -> None:
    found = {frozenset(mix.items()) for mix in geometry(model).mixes()}
    assert found == placeable(model)


@pytest.mark.parametrize("model", PUBLISHED)
def test_no_mix_exceeds_the_compute_or_memory_of_the_gpu(model: str) -> None:
    shape = geometry(model)
    compute = max(profile.slices for profile in shape.profiles)
    for mix in shape.mixes():
        assert sum(shape.by_name[name].slices * count for name, count in mix.items()) <= compute
        assert sum(shape.by_name[name].size * count for name, count in mix.items()) <= shape.memory_slices


@st.composite
def mixes(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    model = draw(st.sampled_from(sorted(PUBLISHED)))
    names = st.sampled_from(sorted(PUBLISHED[model]))
    return model, draw(st.dictionaries(names, st.integers(min_value=1, max_value=9), min_size=1, max_size=4))


@given(mixes())
@settings(deadline=None, database=None, max_examples=200)
def test_any_mix_beyond_the_slices_is_refused(case: tuple[str, dict[str, int]]) -> None:
    model, mix = case
    shape = geometry(model)
    compute = sum(shape.by_name[name].slices * count for name, count in mix.items())
    memory = sum(shape.by_name[name].size * count for name, count in mix.items())
    if compute > max(profile.slices for profile in shape.profiles) or memory > shape.memory_slices:
        assert not shape.fits(mix)


@given(mixes())
@settings(deadline=None, database=None, max_examples=100)
def test_the_nearest_mix_fits_and_is_the_wanted_one_if_that_fits(case: tuple[str, dict[str, int]]) -> None:
    model, mix = case
    nearest = geometry(model).nearest(mix)
    assert geometry(model).fits(nearest)
    assert (nearest == mix) == geometry(model).fits(mix)


def test_the_nearest_mix_changes_as_few_instances_as_it_can() -> None:
    assert geometry("A100-80GB").nearest({"3g.40gb": 2, "1g.10gb": 1}) == {"3g.40gb": 2}
    assert geometry("A100-80GB").nearest({"1g.10gb": 9}) == {"1g.10gb": 7}


def test_an_absurd_number_of_instances_is_refused_at_once() -> None:
    assert not geometry("A100-80GB").fits({"1g.10gb": 10**12})


def test_a_mix_is_described_as_one_writes_it_in_yaml() -> None:
    assert describe({"1g.10gb": 4, "3g.40gb": 1}) == "{1g.10gb: 4, 3g.40gb: 1}"
