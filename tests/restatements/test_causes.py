"""Why published days changed, told by small shops whose numbers a person can add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.restatements.shop import HEADER, Shop
from warehouse.errors import UsageError

FIRST = ("a1 anna 2026-10-05 100", "b1 ben 2026-10-20 50")
NEXT_DAY = "c1 chloe 2026-10-31 30"


def sums(before: int, after: int) -> tuple[Decimal, Decimal]:
    return Decimal(before), Decimal(after)


def test_new_days_are_no_restatement(shop: Shop) -> None:
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("next", NEXT_DAY)
    assert shop.run().number == 2
    assert shop.history().is_empty()


def test_a_late_order(shop: Shop) -> None:
    """October had 100 + 50; an order of 7 on the 6th came late. 31 days are published, one cell of revenue changed."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-06 7", NEXT_DAY)
    shop.run()
    assert shop.told("revenue") == [(2, "2026-10", "late_rows", 1, *sums(150, 157))]
    assert shop.told("orders") == [(2, "2026-10", "late_rows", 1, *sums(2, 3))]
    assert shop.told("customers_first_order") == []


def test_a_backfill_of_a_row_that_was_too_late(shop: Shop) -> None:
    """The order of 7 came with the 31st, 26 days after its own, and waited; the backfill takes its file once more."""
    shop.configure(more="[days]\nmax_late_days = 10\n")
    shop.deliver("october", *FIRST, NEXT_DAY)
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-05 7")
    shop.run()
    assert shop.history().is_empty()
    shop.run(again=(date(2026, 10, 1), date(2026, 10, 31)))
    assert shop.told("revenue") == [(3, "2026-10", "late_rows", 1, *sums(180, 187))]


def test_a_corrected_order(shop: Shop) -> None:
    """Ben's 50 was 55: one cell."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("october", FIRST[0], "b1 ben 2026-10-20 55")
    shop.run()
    assert shop.told("revenue") == [(2, "2026-10", "changed_rows", 1, *sums(150, 155))]
    assert shop.told("orders") == []


VERSIONED = "order_id,customer_id,ordered_at,amount,updated_at"


def test_a_correction_that_names_somebody_new_beside_a_late_order(shop: Shop) -> None:
    """Ben's 50 was Cleo's, whom nobody knew, which changes no sum; Anna's late 7 does."""
    shop.deliver("october", *FIRST, "z1 zoe 2026-11-02 10")
    shop.run()
    shop.deliver("correction", "b1 cleo 2026-10-20 50 2026-11-05", header=VERSIONED)
    shop.deliver("late", "a2 anna 2026-10-06 7")
    shop.run()
    assert shop.told("revenue") == [(2, "2026-10", "late_rows", 1, *sums(150, 157))]
    assert shop.told("customers_ordering") == [(2, "2026-10", "late_rows", 1, *sums(2, 3))]


def test_attributes_of_somebody_new_whom_a_correction_names(shop: Shop) -> None:
    """Cleo is of DE, as was delivered with the correction that names her: at no time was her 50 of nowhere."""
    shop.configure(more='[sources.customers]\npath = "cust/*.csv"\n')
    shop.deliver("october", *FIRST, "z1 zoe 2026-11-02 10")
    shop.deliver("known", "anna FR", "ben FR", "zoe FR", header="customer_id,country", inbox="cust")
    shop.run()
    shop.deliver("correction", "b1 cleo 2026-10-20 50 2026-11-05", header=VERSIONED)
    shop.deliver("new", "cleo DE", header="customer_id,country", inbox="cust")
    shop.deliver("late", "a2 anna 2026-10-06 7")
    shop.run()
    told = (
        shop.history().filter(segment="country", column_name="revenue", month="2026-10").sort("segment_value", "cause")
    )
    assert told.select("segment_value", "cause", "sum_before", "sum_after").rows() == [
        ("DE", "changed_rows", *sums(0, 50)),
        ("FR", "changed_rows", *sums(150, 100)),
        ("FR", "late_rows", *sums(100, 107)),
    ]


def test_a_corrected_order_that_moves_to_another_month(shop: Shop) -> None:
    """Ben's 50 of the 20th of October was of the 20th of September: days from there on appear."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("october", FIRST[0], "b1 ben 2026-09-20 50")
    shop.run()
    assert shop.told("orders") == [
        (2, "2026-09", "changed_rows", 11, *sums(0, 1)),
        # The first four days of October are there now, with nothing, and Ben's 20th has nothing.
        (2, "2026-10", "changed_rows", 5, *sums(2, 1)),
    ]


def test_a_deleted_order(shop: Shop) -> None:
    """The next full extract lacks Anna's order and has one of a new day."""
    shop.configure(extract=True)
    shop.deliver("1", *FIRST)
    shop.run()
    shop.deliver("2", FIRST[1], NEXT_DAY)
    shop.run()
    # Fifteen days go: Anna's, and those up to Ben's order, which is the first one now.
    assert shop.told("revenue") == [(2, "2026-10", "changed_rows", 15, *sums(150, 50))]


def test_nothing_changed(shop: Shop) -> None:
    shop.deliver("october", *FIRST)
    first = shop.run()
    shop.deliver("october", *FIRST, "b1 ben 2026-10-20 50")
    assert shop.run().watermark == first.watermark
    assert shop.history().is_empty()


def test_late_and_corrected_rows_in_one_run(shop: Shop) -> None:
    """100 + 50; the 50 was 55 (changed) and one of 7 came late: 150, 155, 162."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("october", FIRST[0], "b1 ben 2026-10-20 55", "a2 anna 2026-10-06 7")
    shop.run()
    assert shop.told("revenue") == [
        (2, "2026-10", "changed_rows", 1, *sums(150, 155)),
        (2, "2026-10", "late_rows", 1, *sums(155, 162)),
    ]
    assert shop.told("orders") == [(2, "2026-10", "late_rows", 1, *sums(2, 3))]


def test_a_late_rate_beside_the_first_rate_of_a_new_currency(shop: Shop) -> None:
    """A dollar was a euro, and two from the 6th on, as came to light late: 100 + 50, and the same in euros, 300 in all.
    The 50 was 55, 310; it is 110 in euros, 365. The rate of the francs of a new day is no late one."""
    rates, priced = "date,currency,rate", f"{HEADER},currency"
    shop.configure(warehouse='reporting_currency = "EUR"', more='[sources.fx_rates]\npath = "rates/*.csv"\n')
    shop.deliver("first", "2026-10-01 USD 1", header=rates, inbox="rates")
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("second", "2026-10-06 USD 2", "2026-10-31 CHF 3", header=rates, inbox="rates")
    shop.deliver("october", FIRST[0], "b1 ben 2026-10-20 55")
    shop.deliver("next", "c1 chloe 2026-10-31 30 CHF", header=priced)
    shop.run()
    assert shop.told("revenue") == [
        (2, "2026-10", "changed_rows", 2, *sums(300, 310)),
        (2, "2026-10", "late_rows", 1, *sums(310, 365)),
    ]


def test_earlier_history_stays(shop: Shop) -> None:
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-06 7")
    shop.run()
    shop.deliver("later", "a3 anna 2026-10-07 1", NEXT_DAY)
    shop.run()
    assert shop.told("revenue") == [
        (2, "2026-10", "late_rows", 1, *sums(150, 157)),
        (3, "2026-10", "late_rows", 1, *sums(157, 158)),
    ]


def active(before: int, after: int) -> tuple[Decimal, Decimal]:
    """Customers at the end of each day, added up over the days: each of the five windows says the same."""
    return Decimal(5 * before), Decimal(5 * after)


def test_another_activity_window(retention: Shop) -> None:
    """Up to the 20th: Anna was active on 16 days and Ben on 1; with a window of 10 days Anna on ten."""
    retention.deliver("october", *FIRST)
    retention.run()
    retention.configure(window=10)
    retention.run()
    assert retention.told("customers_at_end") == [(2, "2026-10", "definition", 5 * 6, *active(17, 11))]
    assert retention.lines == []


def test_all_three_causes_in_one_run(retention: Shop) -> None:
    """The window shortened: 17 -> 11 days. Ben's order was of the 18th: two days more, 13. Chloe's of the 19th came
    late: two more, 15."""
    retention.deliver("october", *FIRST)
    retention.run()
    retention.configure(window=10)
    retention.deliver("october", FIRST[0], "b1 ben 2026-10-18 50", "c1 chloe 2026-10-19 1")
    retention.run()
    assert retention.told("customers_at_end") == [
        (2, "2026-10", "definition", 5 * 6, *active(17, 11)),
        (2, "2026-10", "changed_rows", 5 * 2, *active(11, 13)),
        (2, "2026-10", "late_rows", 5 * 2, *active(13, 15)),
    ]


def test_definition_and_late_rows(retention: Shop) -> None:
    retention.deliver("october", *FIRST)
    retention.run()
    retention.configure(window=10)
    retention.deliver("late", "d1 dev 2026-10-19 1", NEXT_DAY)
    retention.run()
    assert retention.told("customers_at_end") == [
        (2, "2026-10", "definition", 5 * 6, *active(17, 11)),
        (2, "2026-10", "late_rows", 5 * 2, *active(11, 13)),
    ]


def test_files_read_in_another_way(shop: Shop) -> None:
    """Amounts were gross and are net now: 150 -> 75. An order of 14 gross came late: 82."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.configure(more='[sources.orders.columns]\namount = "amount / 2"\n')
    shop.deliver("late", "a2 anna 2026-10-06 14")
    shop.run()
    assert shop.told("revenue") == [
        (2, "2026-10", "definition", 2, *sums(150, 75)),
        (2, "2026-10", "late_rows", 1, *sums(75, 82)),
    ]


def test_a_segment_that_nobody_had_before(shop: Shop) -> None:
    """The late file says countries: every order is of a country from now on, unknown for the old ones."""
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("late", "c0 chloe 2026-10-19 7 DE", header=f"{HEADER},country")
    shop.run()
    assert shop.told("revenue") == [(2, "2026-10", "late_rows", 1, *sums(150, 157))]
    assert shop.told("revenue", segment="country") == [
        (2, "2026-10", "late_rows", 2, *sums(0, 7)),
        (2, "2026-10", "definition", 16, *sums(0, 150)),
    ]


def test_a_rollback(shop: Shop) -> None:
    shop.deliver("october", *FIRST)
    shop.run()
    shop.deliver("late", "a2 anna 2026-10-06 7", NEXT_DAY)
    shop.run()
    back = shop.releases.rollback(1)
    assert shop.told("revenue") == [
        (2, "2026-10", "late_rows", 1, *sums(150, 157)),
        # The days of release 2 up to the 31st are published no longer.
        (3, "2026-10", "rollback", 12, *sums(187, 150)),
    ]
    assert back.watermark == "2026-10-20"
    with pytest.raises(UsageError, match="nothing to roll back"):
        shop.releases.rollback(1)
    again = shop.releases.rollback(2)
    assert shop.told("revenue")[-1] == (4, "2026-10", "rollback", 1, *sums(150, 157))
    assert shop.releases.inspect(deep=True).whole == (1, 2, 3, 4)
    assert again.verdict["digest"] == again.content_digest
