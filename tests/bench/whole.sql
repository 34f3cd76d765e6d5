-- From the demo's raw files to the states that the queries of tests/bench/kernels/duckdb read: clean, keep the latest
-- version, number the people. Written as somebody would who knows DuckDB and has no other rules than the demo needs.
SET TimeZone = 'UTC';

CREATE TABLE orders AS
WITH lines AS (
    SELECT order_id, customer_id, TRY_CAST(ordered_at AS TIMESTAMPTZ) AS ordered_at, TRY_CAST(amount AS DECIMAL(18, 6)) AS amount,
        upper(currency) AS currency, TRY_CAST(nullif(refunded_amount, '') AS DECIMAL(18, 6)) AS refunded_amount,
        replace(lower(coalesce(status, 'paid')), 'canceled', 'cancelled') AS status,
        TRY_CAST(updated_at AS TIMESTAMPTZ) AS updated_at, filename
    FROM read_csv('$inbox/orders/*.csv', all_varchar = true, header = true, nullstr = ['', 'NULL'], filename = true)
)
SELECT * FROM lines
WHERE order_id IS NOT NULL AND customer_id IS NOT NULL AND ordered_at IS NOT NULL AND amount IS NOT NULL
    AND status IN ('paid', 'refunded', 'pending', 'cancelled')
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY updated_at DESC NULLS LAST, filename DESC) = 1;

CREATE TABLE subscriptions AS
WITH lines AS (
    SELECT change_id, subscription_id, customer_id, TRY_CAST(effective_at AS TIMESTAMPTZ) AS effective_at, status, plan,
        TRY_CAST(amount AS DECIMAL(18, 6)) AS amount, "interval", currency, quantity, discount, discount_percent,
        churn_type, churn_reason, current_period_end, TRY_CAST(updated_at AS TIMESTAMPTZ) AS updated_at, filename
    FROM read_json('$inbox/subscriptions/*.jsonl.gz', format = 'newline_delimited', filename = true, columns = {
        change_id: 'VARCHAR', subscription_id: 'VARCHAR', customer_id: 'VARCHAR', effective_at: 'VARCHAR',
        status: 'VARCHAR', plan: 'VARCHAR', amount: 'VARCHAR', "interval": 'VARCHAR', currency: 'VARCHAR',
        quantity: 'VARCHAR', discount: 'VARCHAR', discount_percent: 'VARCHAR', churn_type: 'VARCHAR',
        churn_reason: 'VARCHAR', current_period_end: 'VARCHAR', updated_at: 'VARCHAR'})
)
SELECT * FROM lines
WHERE subscription_id IS NOT NULL AND customer_id IS NOT NULL AND effective_at IS NOT NULL AND amount IS NOT NULL
    AND status IN ('trialing', 'active', 'past_due', 'paused', 'canceled')
QUALIFY row_number() OVER (PARTITION BY change_id ORDER BY updated_at DESC NULLS LAST, filename DESC) = 1;

CREATE TABLE events AS
SELECT event_id, unnest(arg_max({'user_id': user_id, 'customer_id': coalesce(customer_id, user_id), 'occurred_at': occurred_at,
    'event_name': event_name, 'value': value, 'received_at': received_at}, received_at))
FROM read_parquet('$inbox/events/*.parquet')
WHERE user_id IS NOT NULL AND occurred_at IS NOT NULL AND event_name IS NOT NULL
GROUP BY event_id;

COPY orders TO '$target/orders.parquet' (COMPRESSION zstd);
COPY subscriptions TO '$target/subscriptions.parquet' (COMPRESSION zstd);
COPY events TO '$target/events.parquet' (COMPRESSION zstd);

CREATE TABLE user_codes AS
SELECT user_id, row_number() OVER ()::UINTEGER AS person FROM (SELECT DISTINCT user_id FROM events);
CREATE TABLE customer_codes AS
SELECT customer_id, row_number() OVER ()::UINTEGER AS person
FROM (SELECT customer_id FROM orders UNION SELECT customer_id FROM subscriptions UNION SELECT customer_id FROM events);

CREATE TABLE user_days AS
SELECT DISTINCT person, occurred_at::DATE AS day FROM events JOIN user_codes USING (user_id);
CREATE TABLE usage_days AS
SELECT DISTINCT person, occurred_at::DATE AS day FROM events JOIN customer_codes USING (customer_id);
CREATE TABLE order_days AS
SELECT person, ordered_at::DATE AS day, currency, sum(((amount - coalesce(
    refunded_amount, CASE status WHEN 'refunded' THEN amount ELSE 0 END)) * 10000)::BIGINT)::BIGINT AS revenue
FROM orders JOIN customer_codes USING (customer_id) WHERE status IN ('paid', 'refunded') GROUP BY ALL;

CREATE TABLE people AS
SELECT 'user' AS kind, person, min(day) AS first_day, NULL::DATE AS first_order_day, NULL::DATE AS first_subscription_day,
    NULL::DATE AS first_usage_day
FROM user_days GROUP BY person
UNION ALL
SELECT 'customer', person, least(o.day, u.day), o.day, NULL, u.day
FROM (SELECT person, min(day) AS day FROM order_days GROUP BY person) o
FULL JOIN (SELECT person, min(day) AS day FROM usage_days GROUP BY person) u USING (person);

CREATE TABLE segment_spans AS
SELECT person, NULL AS basis, 'all' AS segment, 'all' AS segment_value, NULL::DATE AS start_day, NULL::DATE AS end_day
FROM people WHERE kind = 'customer';

CREATE TABLE activity_spans AS
WITH days AS (
    SELECT DISTINCT 'orders' AS basis, 90 AS days_covered, person, day FROM order_days
    UNION ALL
    SELECT 'usage', 28, person, day FROM usage_days
), marked AS (
    SELECT *, coalesce(day > lag(day) OVER mine + days_covered, true) AS is_first
    FROM days WINDOW mine AS (PARTITION BY basis, person ORDER BY day)
), numbered AS (
    SELECT *, count(*) FILTER (is_first) OVER (PARTITION BY basis, person ORDER BY day) AS span FROM marked
)
SELECT basis, person, min(day) AS start_day, max(day) + any_value(days_covered) AS end_day, 'unknown' AS churn_type
FROM numbered GROUP BY basis, person, span;
