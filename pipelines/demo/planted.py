"""The planted numbers: every price, share and hazard the made-up business runs on.

Here belong constants only, with their units; `truth.json` repeats them. How they are drawn belongs to the modules that
draw. A hazard is per customer and 30 days unless its name says otherwise; a day's hazard is a thirtieth of it.
"""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

LAST_DAY = date(2026, 10, 31)  # fixed: the files never depend on the clock
GRACE_DAYS = 30
MONTH_DAYS = 30

CHANNELS = ("organic", "paid_search", "email", "social", "partner")
CHANNEL_SHARES = (0.34, 0.26, 0.14, 0.16, 0.10)
CHANNEL_CANCEL_FACTORS = (0.80, 1.25, 0.90, 1.55, 0.65)
CHANNEL_TRIAL_CONVERSION = (0.58, 0.50, 0.60, 0.42, 0.68)
CHANNEL_REPEAT = (0.82, 0.76, 0.84, 0.70, 0.86)  # share of orders that are followed by another one

COUNTRIES = ("US", "GB", "DE", "FR", "AU")
COUNTRY_SHARES = (0.40, 0.22, 0.17, 0.13, 0.08)
COUNTRY_CANCEL_FACTORS = (1.00, 1.15, 0.75, 1.05, 1.30)
COUNTRY_OFFSETS = ("-05:00", "+00:00", "+01:00", "+01:00", "+10:00")
CURRENCIES = ("USD", "EUR", "GBP")
REPORTING_CURRENCY = "USD"
COUNTRY_CURRENCY = (0, 2, 1, 1, 0)
FX_START = (1.0, 1.09, 1.28)
FX_DAILY_SPREAD = 0.004

HAS_CONTRACT_SHARE = 0.70
HAS_SHOP_SHARE_OF_CONTRACTS = 0.36
USERS_PER_CUSTOMER = (0.45, 0.25, 0.15, 0.09, 0.06)  # one to five users

PLANS = ("starter", "team", "business")
PLAN_SHARES = (0.56, 0.31, 0.13)
PLAN_CANCEL = (0.055, 0.034, 0.019)
MONTHLY_PRICES = np.array(
    [[1900, 1800, 1600], [3900, 3700, 3300], [7900, 7500, 6700]], dtype=np.int64
)  # cents, plan x currency
YEARLY_PRICE_MONTHS = 10
MOST_SEATS_AT_START = (3, 12, 30)
YEARLY_SHARES = (0.12, 0.25, 0.40)
YEARLY_MIDTERM_FACTOR = 0.10
YEARLY_RENEWAL_CANCEL_MONTHS = 6.0  # at the anniversary: this many months of the plan's hazard at once
YEARLY_RENEWAL_FAILURE = 0.05
YEARLY_EARLY_RENEWAL = 0.10
EARLY_RENEWAL_DAYS = 5
ADDON_PRICES = (500, 450, 400)  # below the cheapest plan even at full discount, so that the plan stays the largest

TRIAL_SHARE = 0.70
TRIAL_DAYS = 14
TRIAL_PAST_DUE = 0.03
PAYMENT_FAILURE = 0.020
FAILURE_RECOVERS, FAILURE_CANCELS = 0.70, 0.15  # the rest stays past due until the grace is over
RECOVERY_DAYS = (1, 21)
GRACE_CANCEL_DAYS = (7, 25)
LATE_RECOVERY_SHARE = 0.40
LATE_RECOVERY_DAYS, LATE_CANCEL_DAYS = 10, 15
PAUSE = 0.006
PAUSE_DAYS = (14, 75)
PAUSE_RESUMES = 0.75
TO_FREE = 0.002
UPGRADE, DOWNGRADE = 0.012, 0.007
SEATS_UP, SEATS_DOWN = 0.030, 0.012
PLAN_SWITCH = 0.003
SAME_DAY_RETURN = 0.001
ADDON_START, ADDON_STOP = 0.010, 0.030
MONEY_OFF = 0.003
MONEY_OFF_DAYS, MONEY_OFF_CENTS = 60, 300
REACTIVATION = 0.012
PERCENT_OFF_SHARE, PERCENT_OFF, PERCENT_OFF_DAYS = 0.15, 20, 90
UNSTATED_CANCEL = 0.04  # cancels whose row names neither type nor reason
REASONS = ("price", "missing_feature", "competitor", "no_longer_needed", "too_complex")
REASON_SHARES = ((0.40, 0.12, 0.14, 0.24, 0.10), (0.26, 0.28, 0.22, 0.14, 0.10), (0.16, 0.32, 0.34, 0.08, 0.10))

ORDER_GAP_MEAN_DAYS = 32.0  # at the average rate; the rates of customers differ (gamma of this shape)
ORDER_RATE_SHAPE = 3.0
REPEAT_CONCENTRATION = 10.0  # customers of a channel differ (beta of this concentration about the channel's share)
ORDER_GAP_MOST_DAYS = 180
HOLIDAY_SHIFT_MOST_DAYS = 30
ORDER_MEDIAN_CENTS = (5200, 4700, 4100)  # by currency
ORDER_AMOUNT_SPREAD = 0.7
SAME_DAY_SECOND_ORDER = 0.03
FREE_ORDER = 0.001
CANCELLED_ORDER, PENDING_FIRST, PENDING_STAYS = 0.020, 0.030, 0.010
REFUND, REFUND_IN_FULL, REFUND_DAYS = 0.045, 0.6, (1, 40)

# chance that a user is active N days after its first day, before the factors of user, weekday and standing
CURVE_FLOOR, CURVE_SLOW, CURVE_FAST = 0.075, 0.24, 0.32
CURVE_SLOW_DAYS, CURVE_FAST_DAYS = 75.0, 4.0
USER_SPREAD = 0.45
ACTIVE_AT_MOST = 0.95
LATER_USER_DELAY_DAYS = 40.0
EXTRA_EVENTS_PER_DAY = 1.85
FEATURE_SHARE = 0.62
TICKET, TICKET_LEAVING_FACTOR, CSAT_AFTER_TICKET = 0.015, 4.0, 0.5
NPS_ANSWER = 0.012
CES_ANSWER, REFERRAL = 0.006, 0.002  # per active user-day
DECLINE_DAYS, DECLINE_TO, DECLINE_VISIBLE = 28, 0.2, 0.7
FALSE_DECLINES = 0.02  # per customer and 90 days: the same fall in logins, and nobody leaves
MOOD_DAYS = 45  # tickets and scores are worse this long before a loss
RETENTION_AGES = (1, 3, 7, 14, 28, 30, 60, 90)

ONE_DAY_LATE, VERY_LATE = 0.076, 0.004
VERY_LATE_DAYS = (31, 60)
DUPLICATE_EVENTS = 0.002
BAD_EVENTS = 0.00005
ORDERS_WITHOUT_CUSTOMER = 0.004
BAD_ORDERS = 0.0003
DUPLICATE_ORDERS = 0.002
NAIVE_ORDER_TIMES = 0.02
LATE_CHANGES, LATE_CHANGE_DAYS = 0.005, (1, 3)
DUPLICATE_CHANGES = 0.002
BAD_CHANGES = 0.0002
CORRECTED_CUSTOMERS = 0.005


def retention_curve(days: int) -> NDArray[np.float32]:
    """The planted chance of an event N days after a user's first day, for N in 0..days-1; 1 on day 0."""
    age = np.arange(days, dtype=np.float64)
    curve = CURVE_FLOOR + CURVE_SLOW * np.exp(-age / CURVE_SLOW_DAYS) + CURVE_FAST * np.exp(-age / CURVE_FAST_DAYS)
    curve[0] = 1.0
    return curve.astype(np.float32)
