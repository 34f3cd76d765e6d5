WITH pairs AS (SELECT DISTINCT person, currency FROM facts WHERE basis = 'subscription'),
spending AS (
  SELECT k.person, k.currency, p.period, p.period_start, p.day_before,
    coalesce((SELECT m.mrr FROM customer_mrr m WHERE m.customer_id = k.person AND m.currency = k.currency AND m.day = p.day_before), 0) AS before,
    (SELECT m.mrr FROM customer_mrr m WHERE m.customer_id = k.person AND m.currency = k.currency AND m.day = p.last_day) AS now
  FROM pairs k CROSS JOIN periods p),
payers AS (  -- as it is, and with both sides at the rate of the day before the period
  SELECT person, currency, false AS is_converted, period, period_start, before, now FROM spending WHERE before > 0
  UNION ALL
  SELECT s.person, (SELECT reporting_currency FROM rules), true, s.period, s.period_start, s.before * r.rate, s.now * r.rate
  FROM spending s JOIN rates r ON r.currency = s.currency AND r.day = s.day_before WHERE s.before > 0),
sums AS (
  SELECT p.period, p.period_start, p.currency, p.is_converted, s.segment, s.segment_value,
    count(*) AS payers_at_start, sum(before) AS revenue_at_start, sum(now) AS revenue_at_end, sum(least(before, now)) AS revenue_retained
  FROM payers p
  JOIN period_segments s ON s.basis = 'subscription' AND s.person = p.person AND s.period = p.period AND s.period_start = p.period_start
  GROUP BY ALL),
rounded AS (
  SELECT period, period_start, currency, is_converted, segment, segment_value, payers_at_start,
    money(CASE WHEN is_converted THEN reported(revenue_at_start) ELSE revenue_at_start END) AS revenue_at_start,
    money(CASE WHEN is_converted THEN reported(revenue_at_end) ELSE revenue_at_end END) AS revenue_at_end,
    money(CASE WHEN is_converted THEN reported(revenue_retained) ELSE revenue_retained END) AS revenue_retained
  FROM sums),
key_periods AS (
  SELECT DISTINCT k.currency, k.is_converted, k.segment, k.segment_value, p.* FROM money_key_days k
  JOIN periods p ON k.day >= p.period_start AND k.day <= p.last_day WHERE k.basis = 'subscription')
SELECT 'subscription' AS basis, k.period, k.period_start, k.currency, k.is_converted, k.segment, k.segment_value,
  coalesce(payers_at_start, 0) AS payers_at_start,
  coalesce(revenue_at_start, 0) AS revenue_at_start,
  coalesce(revenue_at_end, 0) AS revenue_at_end,
  coalesce(revenue_retained, 0) AS revenue_retained,
  CASE WHEN is_complete THEN ratio(revenue_at_end, revenue_at_start) END AS net_revenue_retention,
  CASE WHEN is_complete THEN ratio(revenue_retained, revenue_at_start) END AS gross_revenue_retention,
  CASE WHEN is_complete THEN 1 - ratio(revenue_retained, revenue_at_start) END AS revenue_churn_rate,
  is_complete
FROM key_periods k
LEFT JOIN rounded r ON r.period = k.period AND r.period_start = k.period_start AND r.currency = k.currency
  AND r.is_converted = k.is_converted AND r.segment = k.segment AND r.segment_value = k.segment_value
