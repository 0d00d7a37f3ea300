# SPDX-License-Identifier: Apache-2.0
"""Several rounds of one row as one result: rates, times and memory are medians, with their minimum
and maximum in "spread"; counts are added up, so that no round's loss is hidden."""

from dataclasses import asdict
from statistics import median

from measure import Measurement, Rest

COUNTS = {"schedule_seconds", "spans_due", "spans_sent", "spans_accepted", "requests_ok",
          "requests_refused_with_delay", "requests_refused_without_delay", "requests_failed",
          "requests_unsent", "plain_bytes", "sent_bytes", "delivered", "lost", "duplicates",
          "refused_too"}


def of_measurements(measured: list[Measurement]) -> dict:
    """The fields of one Measurement, with its own remarks and the spread."""
    every = [asdict(one) for one in measured]
    loads = [one.load for one in measured]
    return {
        **medians([without_dicts(one) for one in every]),
        "load": medians(loads),
        "arrived": {name: medians([one["arrived"][name] for one in every])
                    for name in every[0]["arrived"]},
        "threads": {name: medians([one["threads"][name] for one in every])
                    for name in every[0]["threads"]
                    if all(name in one["threads"] for one in every)},
        **{name: sum(getattr(one, name) for one in measured)
           for name in ("refused", "lost", "duplicates")},
        "spread": {**spreads([without_dicts(one) for one in every]), **spreads(loads)},
    }


def of_rests(rested: list[Rest]) -> dict:
    every = [asdict(one) for one in rested]
    return {**medians(every), "spread": spreads(every)}


def medians(every: list[dict]) -> dict:
    return {name: sum(values) if name in COUNTS else None if None in values else median(values)
            for name, values in by_name(every)}


def spreads(every: list[dict]) -> dict:
    return {name: [min(values), max(values)] for name, values in by_name(every)
            if None not in values}


def by_name(every: list[dict]) -> list[tuple[str, list]]:
    return [(name, [one[name] for one in every]) for name in every[0]]


def without_dicts(fields: dict) -> dict:
    return {name: value for name, value in fields.items() if not isinstance(value, dict)}
