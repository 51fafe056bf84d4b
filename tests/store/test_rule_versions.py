"""Versions of rules: what was said last holds, by file or by page; nothing that was said is lost."""

import asyncio
from dataclasses import replace

import pytest

from ioc.model.rule_versions import RuleVersion, VersionSource
from ioc.store import rule_versions as module
from ioc.store.opening import Store
from ioc.store.rule_versions import PublishedMeanwhile

NOW = 1_795_309_200_123_456
FIRST = RuleVersion("dust", "aa", "- rule: dust\n", NOW, VersionSource.PAGE, "Lan", "Bụi mịn")
SECOND = replace(FIRST, version="bb", note="higher", at=NOW + 1)


async def test_what_was_published_last_holds_and_every_version_is_kept(store: Store) -> None:
    versions = store.rule_versions
    await versions.publish(FIRST)
    await versions.publish(SECOND)
    assert await versions.current() == {"dust": SECOND}
    assert await versions.history("dust") == [SECOND, FIRST]
    assert await versions.history("crowd") == []


async def test_a_version_published_meanwhile_is_not_overwritten(store: Store) -> None:
    versions = store.rule_versions
    await versions.publish(FIRST, expected="")
    with pytest.raises(PublishedMeanwhile, match="aa holds by now") as refused:
        await versions.publish(SECOND, expected="")
    assert refused.value.holds == "aa"
    assert await versions.current() == {"dust": FIRST}
    await versions.publish(SECOND, expected="aa")
    assert await versions.current() == {"dust": SECOND}


async def test_of_authors_who_publish_at_once_one_is_told(store: Store) -> None:
    await store.rule_versions.publish(FIRST)
    tries = [
        store.rule_versions.publish(replace(SECOND, version=f"v{n}", author=str(n)), expected="aa") for n in range(5)
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in done if each is not None] == [PublishedMeanwhile] * 4


async def test_said_again_because_the_answer_got_lost_it_is_said_once(store: Store) -> None:
    await store.rule_versions.publish(FIRST, expected="")
    await store.rule_versions.publish(FIRST, expected="")
    assert await store.rule_versions.history("dust") == [FIRST]


async def test_every_change_has_a_revision_of_its_own(store: Store) -> None:
    versions = store.rule_versions
    seen = [await versions.revision()]
    await versions.publish(FIRST)
    seen.append(await versions.revision())
    await versions.publish(replace(SECOND, shadow=True))
    seen.append(await versions.revision())
    await versions.end_shadow("dust", author="Lan", now=NOW)
    seen.append(await versions.revision())
    await versions.remove("dust", author="Lan", note="no more", now=NOW)
    seen.append(await versions.revision())
    assert seen == sorted(set(seen))
    assert await versions.current() == await versions.shadows() == {}
    assert [each.source for each in await versions.history("dust")] == ["removed", "page", "page"]


async def test_a_shadow_runs_beside_what_holds_until_it_is_published(store: Store) -> None:
    versions = store.rule_versions
    await versions.publish(FIRST)
    shadow = replace(SECOND, shadow=True)
    await versions.publish(shadow)
    assert await versions.current() == {"dust": FIRST}
    assert await versions.shadows() == {"dust": shadow}
    await versions.publish(SECOND)
    assert await versions.current() == {"dust": SECOND}
    assert await versions.shadows() == {}


async def test_a_file_that_is_edited_holds_and_one_that_stays_does_not_undo_the_page(store: Store) -> None:
    versions = store.rule_versions
    await versions.take_files({"dust": ("f1", "one"), "crowd": ("c1", "two")}, now=NOW)
    await versions.publish(SECOND)
    revision = await versions.revision()
    await versions.take_files({"dust": ("f1", "one"), "crowd": ("c1", "two")}, now=NOW + 5)
    assert await versions.revision() == revision
    assert (await versions.current())["dust"] == SECOND
    await versions.take_files({"dust": ("f2", "three")}, now=NOW + 6)
    held = await versions.current()
    assert (held["dust"].version, held["dust"].source) == ("f2", "file")
    assert "crowd" not in held


async def test_versions_are_kept_up_to_a_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 3)
    for number in range(5):
        await store.rule_versions.publish(replace(FIRST, version=str(number)))
    assert [each.version for each in await store.rule_versions.history("dust")] == ["4", "3", "2"]
