-- Who is active on which day of which basis, and the fixed attributes of customers and users.

CREATE TABLE facts AS  -- a fact is a row of the basis' source: it begins the rows of its key
SELECT 'orders' AS basis, customer_id AS person, currency, instant, day FROM orders
UNION ALL SELECT 'subscription', customer_id, currency, instant, day FROM subscriptions
UNION ALL SELECT 'usage', customer_id, NULL, instant, day FROM events
UNION ALL SELECT 'user', user_id, NULL, instant, day FROM events;

CREATE TABLE active AS  -- active at the end of the day
SELECT DISTINCT 'orders' AS basis, o.customer_id AS person, d.day
FROM days d JOIN orders o ON d.day >= o.day AND d.day < o.day + (SELECT orders_window_days FROM rules)
UNION ALL
SELECT DISTINCT 'usage', e.customer_id, d.day
FROM days d JOIN events e ON d.day >= e.day AND d.day < e.day + (SELECT usage_window_days FROM rules)
UNION ALL
SELECT DISTINCT 'subscription', customer_id, day FROM customer_mrr WHERE mrr > 0;

CREATE TABLE first_active AS SELECT basis, person, min(day) AS day FROM active GROUP BY ALL;

CREATE TABLE span_ends AS  -- the first uncovered day, and the type and reason of the largest subscription that ended on it
SELECT a.basis, a.person, a.day + 1 AS day, coalesce(e.churn_type, 'unknown') AS churn_type, e.churn_reason
FROM active a
LEFT JOIN (
  SELECT e.* FROM subscription_ends e LEFT JOIN rates r ON r.currency = e.currency AND r.day = e.day - 1
  QUALIFY row_number() OVER (PARTITION BY e.customer_id, e.day ORDER BY e.mrr * coalesce(r.rate, 1) DESC, e.subscription_id) = 1) e
  ON a.basis = 'subscription' AND e.customer_id = a.person AND e.day = a.day + 1
WHERE a.day < (SELECT watermark FROM calendar)
  AND NOT EXISTS (SELECT 1 FROM active n WHERE n.basis = a.basis AND n.person = a.person AND n.day = a.day + 1);

CREATE TABLE customer_first_facts AS  -- the earliest of orders, subscription rows and events
SELECT * FROM (
  SELECT customer_id, instant, 1 AS source, order_id AS a, NULL AS b, file, line, channel, country FROM orders
  UNION ALL SELECT customer_id, instant, 2, CAST(coalesce(updated_at, TIMESTAMP '0001-01-01') AS VARCHAR), change_id, file, line, channel, country
    FROM subscriptions
  UNION ALL SELECT customer_id, instant, 3, event_id, NULL, file, line, channel, country FROM events)
QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY instant, source, a NULLS FIRST, b NULLS FIRST,
  CASE source WHEN 2 THEN file END, CASE source WHEN 2 THEN line END, channel NULLS FIRST, country NULLS FIRST) = 1;

CREATE TABLE user_first_facts AS
SELECT user_id, customer_id, channel, country FROM events
QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY instant, event_id NULLS FIRST, channel NULLS FIRST,
  country NULLS FIRST, customer_id NULLS FIRST) = 1;

CREATE TABLE origins AS  -- an undated value in customers, else that of the first fact
SELECT 'customer' AS kind, f.customer_id AS person,
  coalesce(c.channel, f.channel, 'unknown') AS acquisition_channel, coalesce(c.country, f.country, 'unknown') AS country
FROM customer_first_facts f LEFT JOIN customers c ON c.customer_id = f.customer_id
UNION ALL
SELECT 'user', f.user_id, coalesce(c.channel, f.channel, 'unknown'), coalesce(c.country, f.country, 'unknown')
FROM user_first_facts f LEFT JOIN customers c ON c.customer_id = f.customer_id;
