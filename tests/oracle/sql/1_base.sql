-- The latest version of every row, the watermark, the days, the rates. Money is in millionths (HUGEINT), exact.

CREATE MACRO half_even(n, d) AS
  CAST(CASE WHEN n < 0 THEN -1 ELSE 1 END AS HUGEINT)
  * (abs(n) // d + CAST(CASE WHEN 2 * (abs(n) % d) > d THEN 1 WHEN 2 * (abs(n) % d) = d THEN (abs(n) // d) % 2 ELSE 0 END AS HUGEINT));
CREATE MACRO power_of_ten(n) AS CAST('1' || repeat('0', CAST(n AS INTEGER)) AS HUGEINT);
CREATE MACRO millionths(x) AS CAST(CAST(x AS DECIMAL(24, 6)) * CAST(1000000 AS DECIMAL(7, 0)) AS HUGEINT);
CREATE MACRO money(n) AS CAST(half_even(n, CAST(100 AS HUGEINT)) AS DECIMAL(32, 0)) * CAST(0.0001 AS DECIMAL(5, 4));
CREATE MACRO ratio(a, b) AS CASE WHEN b > 0 THEN CAST(a AS DOUBLE) / CAST(b AS DOUBLE) END;
CREATE MACRO plain(x) AS regexp_replace(CAST(x AS VARCHAR), '\.?0+$', '');
CREATE MACRO version(changed, file, line) AS (coalesce(changed, TIMESTAMP '0001-01-01'), file, line);

-- Of a full extract, an id that the newest file misses is gone.
CREATE MACRO is_extract(source) AS EXISTS (SELECT 1 FROM sources WHERE name = source AND full_extract);

-- Rows that repeat another of their file entirely, where they are dropped.
CREATE TABLE order_rows AS
SELECT * FROM raw_orders r
WHERE NOT (SELECT coalesce(bool_or(distinct_rows), false) FROM sources WHERE name = 'orders') OR NOT EXISTS (
  SELECT 1 FROM raw_orders o WHERE o.file = r.file AND o.line < r.line AND o.order_id = r.order_id AND o.ordered_at = r.ordered_at
  AND o.amount = r.amount AND o.customer_id IS NOT DISTINCT FROM r.customer_id AND o.currency IS NOT DISTINCT FROM r.currency
  AND o.refunded_amount IS NOT DISTINCT FROM r.refunded_amount AND o.status IS NOT DISTINCT FROM r.status
  AND o.channel IS NOT DISTINCT FROM r.channel AND o.country IS NOT DISTINCT FROM r.country
  AND o.updated_at IS NOT DISTINCT FROM r.updated_at);

-- An order without customer_id, or with more refunded than it cost, is quarantined: it is no version of anything.
-- Of order lines: the whole order of that file; no line of a world says what was refunded.
CREATE TABLE order_versions AS
SELECT order_id, customer_id, amount, currency, refunded_amount, status, updated_at, channel, country, file, line, instant, day
FROM order_rows
WHERE customer_id IS NOT NULL AND NOT coalesce(amount >= 0 AND refunded_amount > amount, false)
AND NOT (SELECT coalesce(bool_or(lines), false) FROM sources WHERE name = 'orders')
UNION ALL
SELECT order_id, min(customer_id), sum(amount), min(currency), min(refunded_amount), min(status), min(updated_at), min(channel), min(country),
  file, min(line), min(instant), min(day)
FROM order_rows
WHERE (SELECT bool_or(lines) FROM sources WHERE name = 'orders')
GROUP BY file, order_id
HAVING count(customer_id) = count(*);

CREATE TABLE orders_latest AS
SELECT * FROM order_versions r
WHERE NOT EXISTS (
  SELECT 1 FROM order_versions o WHERE o.order_id = r.order_id
  AND version(o.updated_at, o.file, o.line) > version(r.updated_at, r.file, r.line))
AND (NOT is_extract('orders') OR EXISTS (
  SELECT 1 FROM raw_orders n WHERE n.order_id = r.order_id AND n.file = (SELECT max(file) FROM raw_orders)));

CREATE TABLE subscriptions_latest AS
SELECT * FROM raw_subscriptions r
WHERE NOT EXISTS (
  SELECT 1 FROM raw_subscriptions o
  WHERE (o.change_id = r.change_id OR (o.change_id IS NULL AND r.change_id IS NULL AND o.subscription_id = r.subscription_id AND o.instant = r.instant))
  AND version(o.updated_at, o.file, o.line) > version(r.updated_at, r.file, r.line));

-- A subscription that the newest extract misses keeps its past, and ends the day after the newest fact of the first extract without it.
CREATE TABLE deletions AS
SELECT s.subscription_id, CAST((
    SELECT max(x.day) FROM raw_subscriptions x WHERE x.file = (SELECT min(f.file) FROM raw_subscriptions f WHERE f.file > s.last_file)) + 1
  AS DATE) AS day
FROM (SELECT subscription_id, max(file) AS last_file FROM raw_subscriptions GROUP BY subscription_id) s
WHERE is_extract('subscriptions') AND s.last_file < (SELECT max(file) FROM raw_subscriptions);

CREATE TABLE events_latest AS
SELECT * REPLACE (coalesce(customer_id, user_id) AS customer_id) FROM raw_events r
WHERE NOT EXISTS (
    SELECT 1 FROM raw_events o WHERE o.event_id = r.event_id
    AND version(o.received_at, o.file, o.line) > version(r.received_at, r.file, r.line))
  AND NOT EXISTS (  -- without event_id, exact duplicates are dropped
    SELECT 1 FROM raw_events o WHERE o.event_id IS NULL AND r.event_id IS NULL AND (o.file, o.line) < (r.file, r.line)
    AND o.user_id = r.user_id AND o.occurred_at = r.occurred_at AND o.event_name = r.event_name
    AND o.value IS NOT DISTINCT FROM r.value AND o.customer_id IS NOT DISTINCT FROM r.customer_id AND o.channel IS NOT DISTINCT FROM r.channel
    AND o.country IS NOT DISTINCT FROM r.country AND o.received_at IS NOT DISTINCT FROM r.received_at);

CREATE TABLE customers AS
SELECT * FROM raw_customers r
WHERE NOT EXISTS (
  SELECT 1 FROM raw_customers o WHERE o.customer_id = r.customer_id
  AND version(o.updated_at, o.file, o.line) > version(r.updated_at, r.file, r.line))
AND (NOT is_extract('customers') OR EXISTS (
  SELECT 1 FROM raw_customers n WHERE n.customer_id = r.customer_id AND n.file = (SELECT max(file) FROM raw_customers)));

-- The newest day seen in orders or events (in subscriptions, where they are alone), less settle_days, unless --date names another.
CREATE TABLE calendar AS
SELECT coalesce(
  (SELECT date FROM rules),
  (SELECT max(day) FROM (SELECT day FROM orders_latest UNION ALL SELECT day FROM events_latest)) - (SELECT settle_days FROM rules),
  (SELECT max(day) FROM subscriptions_latest) - (SELECT settle_days FROM rules)) AS watermark;

-- Facts after the watermark are not there yet.
CREATE TABLE orders AS
SELECT order_id, customer_id, currency, instant, day, channel, country, file, line,
  CASE WHEN status = 'refunded' AND refunded_amount IS NULL THEN CAST(0 AS HUGEINT)
       ELSE millionths(amount) - coalesce(millionths(refunded_amount), 0) END AS net
FROM orders_latest
WHERE coalesce(status, 'paid') NOT IN ('cancelled', 'pending') AND day <= (SELECT watermark FROM calendar);

CREATE TABLE events AS SELECT * FROM events_latest WHERE day <= (SELECT watermark FROM calendar);
CREATE TABLE subscriptions AS SELECT * FROM subscriptions_latest WHERE day <= (SELECT watermark FROM calendar);

CREATE TABLE days AS
SELECT CAST(unnest(generate_series(
  (SELECT min(day) FROM (SELECT day FROM orders UNION ALL SELECT day FROM events UNION ALL SELECT day FROM subscriptions)),
  watermark, INTERVAL 1 DAY)) AS DATE) AS day
FROM calendar;

-- Rate of a currency on a day, in units of 1e-10: the last known one is carried forward.
CREATE TABLE rates AS
SELECT c.currency, d.day,
  CASE WHEN c.currency = r.reporting_currency THEN CAST(10000000000 AS HUGEINT) ELSE (
    SELECT CAST(CAST(f.rate AS DECIMAL(20, 10)) * CAST(10000000000 AS DECIMAL(11, 0)) AS HUGEINT) FROM raw_fx_rates f
    WHERE f.currency = c.currency AND f.day <= d.day ORDER BY f.day DESC LIMIT 1) END AS rate
FROM (SELECT currency FROM orders UNION SELECT currency FROM subscriptions) c
CROSS JOIN (SELECT day FROM days UNION SELECT CAST(min(day) - INTERVAL 1 DAY AS DATE) FROM days) d
CROSS JOIN rules r
WHERE r.reporting_currency IS NOT NULL;

-- An amount in the reporting currency is a sum of millionths x rate (1e-16); rounded half-even to the minor unit, back in millionths.
-- The digits are a variable and no subquery: the macro repeats them many times over.
SET VARIABLE digits = (SELECT digits FROM minor_units JOIN rules ON currency = reporting_currency);
CREATE MACRO reported(n) AS half_even(n, power_of_ten(16 - getvariable('digits'))) * power_of_ten(6 - getvariable('digits'));
