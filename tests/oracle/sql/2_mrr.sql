-- The MRR of every subscription and of every (customer, currency) on every day, and what ended why.

CREATE TABLE subscription_states AS  -- the row in force at the end of each day
SELECT d.day, r.subscription_id, r.customer_id, r.currency, r.plan, r.churn_type, r.churn_reason,
  r.day AS row_day, r.interval, coalesce(r.interval_count, 1) AS interval_count, r.current_period_end,
  CASE WHEN x.day <= d.day THEN 'deleted' WHEN r.ended_day <= d.day THEN 'canceled' ELSE coalesce(r.status, 'active') END AS status,
  half_even(
    greatest(0, millionths(r.amount) * millionths(coalesce(r.quantity, 1)) * (100000000 - millionths(coalesce(r.discount_percent, 0)))
      - millionths(coalesce(r.discount, 0)) * power_of_ten(14))  -- in units of 1e-20
    * CAST(CASE r.interval WHEN 'week' THEN 52 WHEN 'day' THEN 365 ELSE 1 END AS HUGEINT),
    CAST(CASE r.interval WHEN 'month' THEN 1 WHEN 'quarter' THEN 3 ELSE 12 END * coalesce(r.interval_count, 1) AS HUGEINT)
    * power_of_ten(20 - m.digits)) * power_of_ten(6 - m.digits) AS price
FROM days d
JOIN subscriptions r ON r.day <= d.day
JOIN minor_units m ON m.currency = r.currency
LEFT JOIN deletions x ON x.subscription_id = r.subscription_id
QUALIFY row_number() OVER (
  PARTITION BY d.day, r.subscription_id
  ORDER BY r.instant DESC, coalesce(r.updated_at, TIMESTAMP '0001-01-01') DESC, coalesce(r.change_id, '') DESC, r.file DESC, r.line DESC) = 1;

CREATE TABLE past_due AS  -- for each past_due day, the first of its run
SELECT s.day, s.subscription_id, (
    SELECT min(f.day) FROM subscription_states f
    WHERE f.subscription_id = s.subscription_id AND f.day <= s.day AND f.status = 'past_due' AND NOT EXISTS (
      SELECT 1 FROM subscription_states g
      WHERE g.subscription_id = s.subscription_id AND g.day BETWEEN f.day AND s.day AND g.status <> 'past_due')) AS first_day
FROM subscription_states s WHERE s.status = 'past_due';

CREATE TABLE subscription_mrr AS
SELECT s.*, p.first_day + rules.grace_days AS grace_end, p.first_day IS NOT NULL AND s.day < p.first_day + rules.grace_days AS is_in_grace,
  CASE WHEN s.status = 'active' THEN s.price
       WHEN s.status = 'past_due' AND s.day < p.first_day + rules.grace_days AND EXISTS (
         SELECT 1 FROM subscription_states b WHERE b.subscription_id = s.subscription_id
         AND b.day = p.first_day - 1 AND b.status = 'active' AND b.price > 0) THEN s.price
       ELSE CAST(0 AS HUGEINT) END AS mrr
FROM subscription_states s CROSS JOIN rules
LEFT JOIN past_due p ON p.day = s.day AND p.subscription_id = s.subscription_id;

CREATE TABLE subscription_ends AS  -- subscriptions that stop paying on a day for the (customer, currency) they paid for
SELECT n.day, n.subscription_id, b.customer_id, b.currency, b.plan, b.mrr,
  CASE WHEN b.customer_id <> n.customer_id OR b.currency <> n.currency THEN 'unknown'
       WHEN n.status = 'deleted' THEN CASE WHEN n.day = b.grace_end THEN 'involuntary' ELSE 'unknown' END
       WHEN n.status = 'canceled' THEN coalesce(n.churn_type, CASE WHEN b.status = 'past_due' THEN 'involuntary' ELSE 'unknown' END)
       WHEN n.status = 'paused' THEN 'paused'
       WHEN n.status = 'trialing' THEN coalesce(n.churn_type, 'unknown')
       WHEN n.status = 'past_due' AND NOT n.is_in_grace THEN 'involuntary'
       ELSE 'voluntary' END AS churn_type,
  CASE WHEN b.customer_id <> n.customer_id OR b.currency <> n.currency THEN 'moved'
       WHEN n.status = 'deleted' THEN CASE WHEN n.day = b.grace_end THEN 'past_due' ELSE 'source_deleted' END
       WHEN n.status IN ('canceled', 'paused', 'trialing') THEN n.churn_reason
       WHEN n.status = 'past_due' AND NOT n.is_in_grace THEN 'past_due'
       ELSE 'moved_to_free' END AS churn_reason
FROM subscription_mrr n
JOIN subscription_mrr b ON b.subscription_id = n.subscription_id AND b.day = n.day - 1 AND b.mrr > 0
WHERE n.mrr = 0 OR b.customer_id <> n.customer_id OR b.currency <> n.currency;

CREATE TABLE customer_mrr AS  -- every (customer, currency) that a row ever named, on every day
SELECT d.day, k.customer_id, k.currency,
  coalesce((SELECT sum(m.mrr) FROM subscription_mrr m
            WHERE m.day = d.day AND m.customer_id = k.customer_id AND m.currency = k.currency), 0) AS mrr
FROM days d CROSS JOIN (SELECT DISTINCT customer_id, currency FROM subscriptions) k;

CREATE TABLE movements AS
SELECT n.day, n.customer_id, n.currency, coalesce(b.mrr, 0) AS before, n.mrr AS after,
  CASE WHEN coalesce(b.mrr, 0) > 0 AND n.mrr = 0 THEN 'churn'
       WHEN coalesce(b.mrr, 0) > 0 AND n.mrr > b.mrr THEN 'expansion'
       WHEN coalesce(b.mrr, 0) > 0 THEN 'contraction'
       WHEN EXISTS (SELECT 1 FROM customer_mrr e WHERE e.customer_id = n.customer_id AND e.currency = n.currency
                    AND e.day < n.day AND e.mrr > 0) THEN 'reactivation'
       ELSE 'new' END AS movement
FROM customer_mrr n
LEFT JOIN customer_mrr b ON b.customer_id = n.customer_id AND b.currency = n.currency AND b.day = n.day - 1
WHERE n.mrr <> coalesce(b.mrr, 0);
