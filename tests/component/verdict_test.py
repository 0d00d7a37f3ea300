# SPDX-License-Identifier: Apache-2.0
"""The fault harness's judge detects each way to break a promise."""

from collections import Counter
from dataclasses import replace

import pytest
from faults import verdict
from faults.verdict import Expected, Incident, Resend, Stored
from harness.load import Outcome, Sent

SPANS = 10
WINDOW = 5.0
OK, REFUSED, UNKNOWN = Sent(1, 100, 0.1, Outcome.OK), Outcome.REFUSED, Outcome.UNKNOWN
EXPECTED = Expected(spans=SPANS, trace_id=str, is_odd=lambda number: number == 1)
GOOD = Stored({"1": SPANS})


def test_what_was_promised_and_is_stored_is_fine():
    assert verdict.judge_stored([OK], GOOD, EXPECTED) == []


@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_what_was_not_promised_need_not_be_stored(outcome):
    sent = [OK, Sent(2, 100, 0.1, outcome)]
    assert verdict.judge_stored(sent, GOOD, EXPECTED) == []


@pytest.mark.parametrize(
    "stored",
    [
        Stored({}),
        Stored({"1": SPANS - 1}),
        Stored({"1": SPANS + 1}),
        Stored({"1": SPANS, "2": SPANS}),
        Stored({"1": SPANS, "3": 1}),
        Stored({"1": SPANS, "4": SPANS}),
        Stored({"1": SPANS}, different_copies=1),
        Stored({"1": SPANS}, dead_letters=Counter({("1", "1", "TooLarge"): 1})),
    ],
    ids=[
        "a promised request is missing",
        "a promised span is missing",
        "there are more spans than were sent",
        "a refused request is stored",
        "a part of a request is stored",
        "a request that nobody sent is stored",
        "a copy is different",
        "a span is dead-lettered",
    ],
)
def test_a_broken_promise_is_found(stored):
    sent = [OK, Sent(2, 100, 0.1, REFUSED), Sent(3, 100, 0.1, UNKNOWN)]
    assert len(verdict.judge_stored(sent, stored, EXPECTED)) == 1


def test_an_odd_span_must_be_dead_lettered_with_its_reason():
    expected = replace(EXPECTED, odd_is_refused=True, odd_reason="TooLarge")
    letter = ("1", verdict.ODD_SPAN_ID, "TooLarge")

    def judge(*letters):
        stored = Stored({"1": SPANS - 1}, dead_letters=Counter(letters))
        return verdict.judge_stored([OK], stored, expected)

    assert judge(letter) == []
    assert len(judge()) == 1
    assert len(judge((*letter[:2], "Age"))) == 1
    assert len(judge(letter, letter)) == 1
    expected = replace(expected, letters_may_repeat=True)
    assert judge(letter, letter) == []


def test_rejected_spans_are_missing_and_no_others():
    expected = replace(EXPECTED, some_are_rejected=True)
    assert verdict.judge_stored([OK], Stored({"1": 7}, rejected=3), expected) == []
    assert len(verdict.judge_stored([OK], Stored({"1": 6}, rejected=3), expected)) == 1


BOOKS = {"accepted": SPANS, "delivered": SPANS, "rejected": 0, "expired": 0, "backlog": 0}


def test_books_that_say_what_is_stored_are_fine():
    assert verdict.judge_books(BOOKS, GOOD, past=0) == []
    assert verdict.judge_books(BOOKS, Stored({"1": SPANS, "2": 5}), past=5) == []


@pytest.mark.parametrize(
    "changes",
    [{"accepted": 11}, {"delivered": 9}, {"rejected": 1}, {"expired": 1}, {"backlog": 1}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_wrong_word_in_the_books_is_found(changes):
    assert len(verdict.judge_books({**BOOKS, **changes}, GOOD, past=0)) == 1


@pytest.mark.parametrize(
    ("resend", "reason"),
    [
        (Resend(99.0, "", 5), "killed"),
        (Resend(10.0, "cut", 5), "cut"),
        (Resend(10.0, "status", 5), None),
        (Resend(100.0 - WINDOW - 1, "", 5), None),
        (Resend(100.0 + WINDOW + 1, "", 5), None),
    ],
)
def test_a_resend_needs_a_reason(resend, reason):
    incidents = [Incident(100.0, "killed", ("arize",))]
    findings, reasons = verdict.judge_resends(replace(GOOD, resends=(resend,)), incidents, WINDOW)
    assert len(findings) == (0 if reason else 1)
    assert reasons == (Counter({reason: 5}) if reason else Counter())


def test_a_distribution_that_moved_is_found():
    def judge(*during):
        before = [0.010] * 100
        return verdict.judge_ratio("delay", before, [*during], (0.5, 0.95), ratio=5, floor=0.010)

    assert judge(*[0.030] * 100) == []
    assert len(judge(*[0.060] * 100)) == 2
    assert len(judge(*[0.010] * 90, *[0.060] * 10)) == 1
    assert len(judge()) == 1
