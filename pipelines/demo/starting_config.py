"""The holdfast.toml of the demo: a commented example of a configuration.

Here belongs its text only; what each key may hold belongs to `warehouse.config`.
"""

TEXT = """\
# The demo's configuration: a made-up business that sells software by subscription and has a small shop.
# truth.json beside this file holds the numbers it was made with.

[warehouse]
root = "."                      # warehouse/ is made here, beside this file
time_zone = "UTC"               # a business day is a day in this time zone
reporting_currency = "USD"      # contracts are in USD, EUR and GBP; rates are in inbox/fx_rates
shards = 4                      # people in so many parts: more need less memory and take a little longer
industry = "saas"               # the benchmark band shown beside the rates
gross_margin = 0.8

[activity]
orders_window_days = 90         # a customer of the shop is active for this long after an order
usage_window_days = 28
grace_days = 30                 # a past-due subscription counts for this long

[days]
settle_days = 0

[roles]                         # which events mean what; nps, csat and ces carry their score in `value`
login = "login"
ticket = "ticket_opened"
nps = "nps_answered"
csat = "csat_answered"
ces = "ces_answered"
referral = "friend_referred"

[sources.orders]
path = "inbox/orders/*.csv"
time_zone = "UTC"               # of the few times that come without an offset

[sources.subscriptions]
path = "inbox/subscriptions/*.jsonl.gz"

[sources.events]
path = "inbox/events/*.parquet"

[sources.customers]
path = "inbox/customers/*.csv"

[sources.customers.columns]     # canonical column = SQL expression over the file's columns
customer_id = "customer_id"
channel = "acquisition_channel"
country = "country"
signed_up_at = "signed_up_at"
updated_at = "updated_at"

[sources.payments]              # attempts to collect the subscriptions' money
path = "inbox/payments/*.csv"

[sources.fx_rates]
path = "inbox/fx_rates/*.csv"
"""
