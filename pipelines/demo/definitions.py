"""What each number of `truth.json` means, in the words of the published tables.

Here belongs text only; the numbers belong to `truth`.
"""

from __future__ import annotations

DEFINITIONS = {
    "first_day, last_day": "The first and last business day (UTC) with facts; all facts up to last_day are delivered.",
    "amounts": "Decimal text in the contract's currency; signed after - before for movements.",
    "planted": "What everything was drawn with. Hazards are per customer and 30 days; a day's is a thirtieth of it.",
    "planted.retention_curve": (
        "Chance of an event N days after a user's first day, before the factors of the user (mean 1), of weekday and "
        "season, and of the customer's contract (little use after it ended, less use before most losses)."
    ),
    "standard_error": (
        "Of the observed count, given the planted chances: the root of the sum of p (1 - p) over all draws. "
        "An observed count lies within 4 of them, but for 1 in about 16,000."
    ),
    "expected.churn": (
        "Customers lost in the subscription basis by churn type, over the whole time: the sum of the planted chances "
        "over all days at risk. observed is what happened: the sum over all dates of customers_lost_<type> in "
        "customer_retention_daily, basis subscription, window_days 1, in that segment; for segment plan the churn rows "
        "of mrr_movements with that plan and churn_type. at_risk_days is the sum of customers_at_start over the same "
        "rows (null for plan); daily_hazard = expected / at_risk_days."
    ),
    "expected.customer_churn_30_days": (
        "1 - (1 - daily hazard of a loss of any type) ^ 30: the 30-day churn rate if all were lost at the mean hazard "
        "and nobody came back inside the window. An approximation: compare with the pooled customers_lost / "
        "customers_at_start of books.customer_retention within a fifth of its value."
    ),
    "expected.user_retention": (
        "Users with an event exactly age_days after their first day, of the users whose first day is at least that "
        "long before last_day: the sums over all dates of users_in_cohort and users_retained in user_retention_daily. "
        "observed is what happened, exactly."
    ),
    "expected.order_repeat": (
        "Customers with an order after their first, of those whose first order is at least settled_days before "
        "last_day; a cancelled or pending order counts as one here. By acquisition channel, a planted coin each."
    ),
    "books.mrr_movements": (
        "Movements by calendar month, currency and kind, as mrr_movements has them: the net change over each day "
        "between end-of-day states; movements is their number, amount the sum of after - before."
    ),
    "books.mrr_closing": (
        "mrr_closing and customers_paying of mrr_daily, segment all, is_converted false, on month ends and on last_day."
    ),
    "books.churn": "Churn movements by calendar month, churn_type and the plan left.",
    "books.customer_retention": (
        "customer_retention_daily, basis subscription, window_days 30, segment all, on month ends and on last_day."
    ),
    "books.revenue_retention": (
        "revenue_retention_daily, basis subscription, is_converted false, segment all, on last_day, by currency and "
        "window_days."
    ),
    "books.user_days": (
        "Active user-days by calendar month: the sum over dates of users_active, period_days 1, segment all."
    ),
    "books.orders": (
        "orders, customers_first_order and revenue of orders_daily by calendar month and currency, segment all, "
        "is_converted false."
    ),
    "books.repeat_purchase": "repeat_purchase_daily on last_day, segment all.",
    "dirt": "Rows planted, exactly, by source and kind.",
    "dirt.quarantined": (
        "missing_customer_id, malformed_amount, malformed_timestamp, unknown_status, missing_subscription_id, "
        "missing_user_id, missing_timestamp: one fault each, in rows of their own; nothing else is wrong with any row."
    ),
    "dirt.repeated_row": (
        "A row delivered twice entirely (subscriptions: the second time a month later); one of them counts."
    ),
    "dirt.newer_version": "A row with an id delivered before and a newer updated_at: the newer one counts.",
    "dirt.late": (
        "one_day_late and over_30_days_late events by received_at, late_row subscription changes by updated_at: they "
        "are in the file of the month in which they were received, and count on the day on which they happened."
    ),
    "dirt.naive_timestamp": "Order rows whose time has no offset: UTC by configuration.",
    "rows": "Files and rows per source; current = rows - quarantined - repeated_row - newer_version.",
}
