WITH lengths AS (SELECT unnest([365, 90]) AS window_days),
paying AS (  -- who pays in a currency, and in any
  SELECT day, customer_id, currency, false AS is_converted FROM customer_mrr WHERE mrr > 0
  UNION ALL
  SELECT DISTINCT day, customer_id, (SELECT reporting_currency FROM rules), true FROM customer_mrr
  WHERE mrr > 0 AND (SELECT reporting_currency FROM rules) IS NOT NULL),
revenue AS (
  SELECT day, customer_id, currency, false AS is_converted, mrr FROM customer_mrr WHERE mrr > 0
  UNION ALL
  SELECT m.day, m.customer_id, (SELECT reporting_currency FROM rules), true, m.mrr * r.rate
  FROM customer_mrr m JOIN rates r ON r.currency = m.currency AND r.day = m.day WHERE m.mrr > 0),
sums AS (
  SELECT r.day, r.currency, r.is_converted, s.segment, s.segment_value,
    sum(r.mrr) AS mrr, count(DISTINCT r.customer_id) AS customers_paying
  FROM revenue r JOIN segment_days s ON s.basis = 'subscription' AND s.person = r.customer_id AND s.day = r.day
  GROUP BY ALL),
mrr AS (SELECT * REPLACE (money(CASE WHEN is_converted THEN reported(mrr) ELSE mrr END) AS mrr) FROM sums),
starts AS (  -- who paid w days before, in the segment of then, and whether it does not pay any more
  SELECT d.day, p.currency, p.is_converted, w.window_days, s.segment, s.segment_value, count(*) AS at_start,
    count(*) FILTER (NOT EXISTS (
      SELECT 1 FROM paying n WHERE n.day = d.day AND n.customer_id = p.customer_id AND n.currency = p.currency
      AND n.is_converted = p.is_converted)) AS lost
  FROM paying p CROSS JOIN lengths w
  JOIN days d ON d.day = p.day + w.window_days
  JOIN segment_days s ON s.basis = 'subscription' AND s.person = p.customer_id AND s.day = p.day
  GROUP BY ALL),
margin AS (SELECT gross_margin FROM rules),
counted AS (
  SELECT k.day, k.currency, k.is_converted, k.segment, k.segment_value,
    coalesce(m.mrr, 0) AS mrr, coalesce(m.customers_paying, 0) AS paying,
    coalesce(y.at_start, 0) AS start_365, coalesce(y.lost, 0) AS lost_365,
    coalesce(q.at_start, 0) AS start_90, coalesce(q.lost, 0) AS lost_90
  FROM money_key_days k
  LEFT JOIN mrr m ON m.day = k.day AND m.currency = k.currency AND m.is_converted = k.is_converted
    AND m.segment = k.segment AND m.segment_value = k.segment_value
  LEFT JOIN starts y ON y.window_days = 365 AND y.day = k.day AND y.currency = k.currency AND y.is_converted = k.is_converted
    AND y.segment = k.segment AND y.segment_value = k.segment_value
  LEFT JOIN starts q ON q.window_days = 90 AND q.day = k.day AND q.currency = k.currency AND q.is_converted = k.is_converted
    AND q.segment = k.segment AND q.segment_value = k.segment_value
  WHERE k.basis = 'subscription')
SELECT day AS date, currency, is_converted, segment, segment_value, mrr, paying AS customers_paying,
  ratio(mrr, paying) AS arpa,
  start_365 AS customers_at_start_365_days, lost_365 AS customers_lost_365_days, ratio(lost_365, start_365) AS churn_rate_365_days,
  start_90 AS customers_at_start_90_days, lost_90 AS customers_lost_90_days, ratio(lost_90, start_90) AS churn_rate_90_days,
  CAST(gross_margin AS DOUBLE) AS gross_margin,
  CASE WHEN lost_365 > 0 THEN ratio(mrr, paying) * 12 * CAST(gross_margin AS DOUBLE) / ratio(lost_365, start_365) END AS ltv_simple,
  CASE WHEN lost_90 > 0 THEN ratio(mrr, paying) * 12 * CAST(gross_margin AS DOUBLE) / (ratio(lost_90, start_90) * 365 / 90) END
    AS ltv_simple_90_days
FROM counted CROSS JOIN margin
