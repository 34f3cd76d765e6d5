-- The days on which terms come due that have begun by the watermark, up to 60 days after it.

CREATE TABLE terms_begun AS
WITH paid AS (SELECT * FROM subscription_mrr WHERE mrr > 0),
reigns AS (  -- the days on which a row earns money for its owner; open where it does so at the watermark
  SELECT subscription_id, customer_id, currency, row_day, any_value(interval) AS interval, any_value(interval_count) AS interval_count,
    any_value(current_period_end) AS current_period_end,
    CASE WHEN max(day) < (SELECT watermark FROM calendar) THEN max(day) + 1 ELSE DATE '9999-01-01' END AS until
  FROM paid GROUP BY subscription_id, customer_id, currency, row_day),
linked AS (  -- whether a row goes on with the terms of the one before it
  SELECT r.*, r.current_period_end IS NULL AND EXISTS (
    SELECT 1 FROM paid b WHERE b.subscription_id = r.subscription_id AND b.day = r.row_day - 1 AND b.customer_id = r.customer_id
    AND b.currency = r.currency AND b.interval = r.interval AND b.interval_count = r.interval_count) AS goes_on
  FROM reigns r),
anchored AS (
  SELECT l.*, (
    SELECT arg_max(coalesce(b.current_period_end, b.row_day), b.row_day) FROM linked b
    WHERE b.subscription_id = l.subscription_id AND b.customer_id = l.customer_id AND b.currency = l.currency
    AND b.row_day <= l.row_day AND NOT b.goes_on) AS anchor
  FROM linked l),
steps AS (
  SELECT a.*, n.n, CAST(a.anchor + CASE a.interval
      WHEN 'day' THEN to_days(CAST(n.n * a.interval_count AS INTEGER)) WHEN 'week' THEN to_days(CAST(7 * n.n * a.interval_count AS INTEGER))
      WHEN 'month' THEN to_months(CAST(n.n * a.interval_count AS INTEGER)) WHEN 'quarter' THEN to_months(CAST(3 * n.n * a.interval_count AS INTEGER))
      ELSE to_months(CAST(12 * n.n * a.interval_count AS INTEGER)) END AS DATE) AS due
  FROM anchored a CROSS JOIN (SELECT unnest(generate_series(0, 900)) AS n) n),
begun AS (  -- a term begins on the due day before, and not before its row; it has begun if that is while the row holds
  SELECT *, coalesce(lag(due) OVER (PARTITION BY subscription_id, customer_id, currency, row_day ORDER BY n), row_day) AS due_before
  FROM steps)
SELECT subscription_id, customer_id, currency, interval, interval_count, due FROM begun
WHERE due > row_day AND due <= (SELECT watermark FROM calendar) + 60 AND greatest(due_before, row_day) < until;
