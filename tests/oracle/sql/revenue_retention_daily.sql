WITH lengths AS (SELECT unnest([30, 90, 365]) AS window_days),
pairs AS (SELECT DISTINCT basis, person, currency FROM facts WHERE currency IS NOT NULL),
spending AS (  -- what a (customer, currency) paid before and pays now; the orders' now is not below 0
  SELECT p.basis, p.person, p.currency, d.day, w.window_days,
    CASE p.basis
      WHEN 'subscription' THEN coalesce((SELECT m.mrr FROM customer_mrr m
        WHERE m.customer_id = p.person AND m.currency = p.currency AND m.day = d.day - w.window_days), 0)
      ELSE coalesce((SELECT sum(o.net) FROM orders o WHERE o.customer_id = p.person AND o.currency = p.currency
        AND o.day > d.day - 2 * w.window_days AND o.day <= d.day - w.window_days), 0) END AS before,
    CASE p.basis
      WHEN 'subscription' THEN (SELECT m.mrr FROM customer_mrr m
        WHERE m.customer_id = p.person AND m.currency = p.currency AND m.day = d.day)
      ELSE greatest(0, coalesce((SELECT sum(o.net) FROM orders o WHERE o.customer_id = p.person AND o.currency = p.currency
        AND o.day > d.day - w.window_days AND o.day <= d.day), 0)) END AS now
  FROM pairs p CROSS JOIN days d CROSS JOIN lengths w),
payers AS (  -- O, as it is, and with both sides at the rate of D-w
  SELECT basis, person, currency, false AS is_converted, day, window_days, before, now FROM spending WHERE before > 0
  UNION ALL
  SELECT b.basis, b.person, (SELECT reporting_currency FROM rules), true, b.day, b.window_days, b.before * r.rate, b.now * r.rate
  FROM spending b JOIN rates r ON r.currency = b.currency AND r.day = b.day - b.window_days WHERE b.before > 0),
sums AS (
  SELECT p.basis, p.day, p.window_days, p.currency, p.is_converted, s.segment, s.segment_value,
    count(*) AS payers_at_start, sum(before) AS revenue_at_start, sum(now) AS revenue_at_end, sum(least(before, now)) AS revenue_retained
  FROM payers p
  JOIN window_segments s ON s.basis = p.basis AND s.person = p.person AND s.day = p.day AND s.window_days = p.window_days
  GROUP BY ALL),
rounded AS (
  SELECT basis, day, window_days, currency, is_converted, segment, segment_value, payers_at_start,
    money(CASE WHEN is_converted THEN reported(revenue_at_start) ELSE revenue_at_start END) AS revenue_at_start,
    money(CASE WHEN is_converted THEN reported(revenue_at_end) ELSE revenue_at_end END) AS revenue_at_end,
    money(CASE WHEN is_converted THEN reported(revenue_retained) ELSE revenue_retained END) AS revenue_retained
  FROM sums)
SELECT k.basis, k.day AS date, w.window_days, k.currency, k.is_converted, k.segment, k.segment_value,
  coalesce(payers_at_start, 0) AS payers_at_start,
  coalesce(revenue_at_start, 0) AS revenue_at_start,
  coalesce(revenue_at_end, 0) AS revenue_at_end,
  coalesce(revenue_retained, 0) AS revenue_retained,
  ratio(revenue_at_end, revenue_at_start) AS net_revenue_retention,
  ratio(revenue_retained, revenue_at_start) AS gross_revenue_retention,
  1 - ratio(revenue_retained, revenue_at_start) AS revenue_churn_rate
FROM money_key_days k CROSS JOIN lengths w
LEFT JOIN rounded r ON r.basis = k.basis AND r.day = k.day AND r.window_days = w.window_days AND r.currency = k.currency
  AND r.is_converted = k.is_converted AND r.segment = k.segment AND r.segment_value = k.segment_value
