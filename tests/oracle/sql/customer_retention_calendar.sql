WITH flags AS (
  SELECT s.*,
    EXISTS (SELECT 1 FROM active a WHERE a.basis = s.basis AND a.person = s.person AND a.day = s.day_before) AS at_start,
    EXISTS (SELECT 1 FROM active a WHERE a.basis = s.basis AND a.person = s.person AND a.day = s.last_day) AS at_end,
    (SELECT f.day FROM first_active f WHERE f.basis = s.basis AND f.person = s.person) AS first_start,
    (SELECT max_by(x.churn_type, x.day) FROM span_ends x WHERE x.basis = s.basis AND x.person = s.person
     AND x.day >= s.period_start AND x.day <= s.last_day) AS churn_type
  FROM period_segments s),
counts AS (
  SELECT basis, period, period_start, segment, segment_value,
    count(*) FILTER (at_start) AS customers_at_start,
    count(*) FILTER (at_start AND at_end) AS customers_retained,
    count(*) FILTER (at_start AND NOT at_end) AS customers_lost,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'voluntary') AS customers_lost_voluntary,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'involuntary') AS customers_lost_involuntary,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'paused') AS customers_lost_paused,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'unknown') AS customers_lost_unknown,
    count(*) FILTER (at_end AND NOT at_start AND first_start >= period_start) AS customers_new,
    count(*) FILTER (at_end AND NOT at_start AND first_start < period_start) AS customers_reactivated,
    count(*) FILTER (at_end) AS customers_at_end
  FROM flags GROUP BY ALL),
key_periods AS (
  SELECT DISTINCT k.basis, k.segment, k.segment_value, p.* FROM key_days k
  JOIN periods p ON k.day >= p.period_start AND k.day <= p.last_day WHERE k.basis <> 'user')
SELECT k.basis, k.period, k.period_start, k.segment, k.segment_value,
  coalesce(customers_at_start, 0) AS customers_at_start,
  coalesce(customers_retained, 0) AS customers_retained,
  coalesce(customers_lost, 0) AS customers_lost,
  coalesce(customers_lost_voluntary, 0) AS customers_lost_voluntary,
  coalesce(customers_lost_involuntary, 0) AS customers_lost_involuntary,
  coalesce(customers_lost_paused, 0) AS customers_lost_paused,
  coalesce(customers_lost_unknown, 0) AS customers_lost_unknown,
  coalesce(customers_new, 0) AS customers_new,
  coalesce(customers_reactivated, 0) AS customers_reactivated,
  coalesce(customers_at_end, 0) AS customers_at_end,
  CASE WHEN is_complete THEN ratio(customers_retained, customers_at_start) END AS customer_retention_rate,
  CASE WHEN is_complete THEN ratio(customers_at_end - customers_new, customers_at_start) END AS customer_retention_rate_formula,
  CASE WHEN is_complete THEN ratio(customers_lost, customers_at_start) END AS customer_churn_rate,
  CASE WHEN is_complete THEN power(ratio(customers_retained, customers_at_start), 365.0 / period_days) END AS annualised_retention_rate,
  is_complete
FROM key_periods k
LEFT JOIN counts c ON c.basis = k.basis AND c.period = k.period AND c.period_start = k.period_start
  AND c.segment = k.segment AND c.segment_value = k.segment_value
