"""Looking an archive over: every reference leads somewhere, digests hold, and no job is half visible."""

from collections.abc import Iterable, Sequence
from functools import partial

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.descriptor import read_descriptor
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.records import CacheEntry
from foundations_archive.upkeep import references
from foundations_archive.upkeep.check_blobs import BlobCheck, Named
from foundations_archive.upkeep.check_index import examine_hidden, examine_markers, examine_rows
from foundations_archive.upkeep.check_jobs import JobFacts, examine_job, forgotten
from foundations_archive.upkeep.examination import Examination
from foundations_archive.upkeep.findings import Finding, Report
from foundations_archive.upkeep.inventory import Inventory, inventory
from foundations_archive.upkeep.temporary import leftovers

_WORST_FIRST = ("damage", "warning", "note")
_MOST_FOREIGN = 20
_OLD_TEMPORARY = 86400.0


def check(archive: Archive, *, deep: bool = False) -> Report:
    """Return what is wrong with an archive; with `deep` every byte of it is read.

    Jobs may run meanwhile, and nothing is written. Raise `NewerFormat` for an archive of a later version,
    `ArchiveError` where the store can't be listed; damage is never raised.
    """
    look = Examination(archive, deep=deep)
    found = [inventory(store) for store in look.stores]
    for number, one in enumerate(found):
        _examine_descriptor(look, one, number)
        _examine_foreign(look, one, number)
    homes = range(len(found))
    by_jobs = Named(homes)
    jobs = {facts.keys.job_id: facts for facts in _examine_jobs(look, found[0], by_jobs)}
    by_caches = [_examine_cache(look, one, number) for number, one in enumerate(found)]
    examine_rows(look, found[0], jobs)
    examine_markers(look, found[0], jobs)
    examine_hidden(look, found[0], jobs)
    _examine_cycles(look, found)
    _examine_leases(look, found)
    orphans = _examine_blobs(look, found, [by_jobs, *by_caches])
    counts = {kind: sum(len(one.of(kind)) for one in found) for kind in layout.KINDS}
    return Report(_sorted(look.findings), counts, orphans, deep)


def _examine_descriptor(look: Examination, found: Inventory, store: int) -> None:
    key = layout.DESCRIPTOR
    try:
        there = read_descriptor(look.stores[store]) is not None
    except ArchiveDamaged as error:
        look.found("damage", key, f"it is damaged: {error}", store=store)
        return
    if not there and found.by_kind:
        what = "it is not there: of what format the rest is can't be told"
        look.found("warning", key, what, mend="describe", store=store)


def _examine_foreign(look: Examination, found: Inventory, store: int) -> None:
    foreign = found.keys(None)
    for key in foreign[:_MOST_FOREIGN]:
        look.found("note", key, "no version of Foundations up to this one writes it; it is left alone", store=store)
    if len(foreign) > _MOST_FOREIGN:
        left = len(foreign) - _MOST_FOREIGN
        look.found("note", foreign[_MOST_FOREIGN], f"{left:,} more that are none of ours", store=store)
    old = leftovers(look.stores[store], older_than=_OLD_TEMPORARY)
    if old:
        size = sum(one.size for one in old)
        what = f"{len(old):,} files of {size:,} bytes, left by writers that were killed; gc deletes them"
        look.found("note", old[0].path.parent.name, what, store=store)


def _examine_jobs(look: Examination, found: Inventory, named: Named) -> Iterable[JobFacts]:
    for facts in look.each(lambda job: examine_job(look, job), found.jobs().values()):
        named.add(facts.named)
        yield forgotten(facts)


def _examine_cache(look: Examination, found: Inventory, store: int) -> Named:
    named = Named([store], is_cache=True)

    def entry(key: str) -> CacheEntry | None:
        body = look.read("cache", key, store=store, severity="warning", mend="cache")
        return look.made(CacheEntry.of, body, key, severity="warning", mend="cache", store=store)

    keys = found.keys("cache")
    for key, made in zip(keys, look.each(entry, keys), strict=True):
        if made:
            named.add((reference, key) for reference in references.of_entry(made))
    return named


def _examine_cycles(look: Examination, found: Sequence[Inventory]) -> None:
    for store, one in enumerate(found if look.deep else ()):
        for key in one.keys("cycle"):
            look.read("cycle", key, store=store, severity="warning", mend="cycle")
        for key in one.keys("expected"):
            look.read("expected", key, store=store, severity="warning", mend="expected")


def _examine_leases(look: Examination, found: Sequence[Inventory]) -> None:
    # nobody relies on one: two jobs compute the same at worst
    for store, one in enumerate(found if look.deep else ()):
        look.each(partial(look.read, "lease", store=store, severity="note"), one.keys("lease"))


def _examine_blobs(look: Examination, found: Sequence[Inventory], all_named: Sequence[Named]) -> tuple[int, int]:
    blobs = BlobCheck(look, found)
    if look.deep:
        blobs.read_all()
    for named in all_named:
        blobs.follow_manifests(named)
        blobs.examine(named)
    return blobs.examine_orphans()


def _sorted(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(set(findings), key=lambda one: (_WORST_FIRST.index(one.severity), one.key, one.what))
