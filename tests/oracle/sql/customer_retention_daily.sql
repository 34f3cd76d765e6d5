WITH flags AS (
  SELECT s.*,
    EXISTS (SELECT 1 FROM active a WHERE a.basis = s.basis AND a.person = s.person AND a.day = s.day - s.window_days) AS at_start,
    EXISTS (SELECT 1 FROM active a WHERE a.basis = s.basis AND a.person = s.person AND a.day = s.day) AS at_end,
    (SELECT f.day FROM first_active f WHERE f.basis = s.basis AND f.person = s.person) AS first_start,
    (SELECT max_by(x.churn_type, x.day) FROM span_ends x WHERE x.basis = s.basis AND x.person = s.person
     AND x.day > s.day - s.window_days AND x.day <= s.day) AS churn_type
  FROM window_segments s),
counts AS (
  SELECT basis, day, window_days, segment, segment_value,
    count(*) FILTER (at_start) AS customers_at_start,
    count(*) FILTER (at_start AND at_end) AS customers_retained,
    count(*) FILTER (at_start AND NOT at_end) AS customers_lost,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'voluntary') AS customers_lost_voluntary,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'involuntary') AS customers_lost_involuntary,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'paused') AS customers_lost_paused,
    count(*) FILTER (at_start AND NOT at_end AND churn_type = 'unknown') AS customers_lost_unknown,
    count(*) FILTER (at_end AND NOT at_start AND first_start > day - window_days) AS customers_new,
    count(*) FILTER (at_end AND NOT at_start AND first_start <= day - window_days) AS customers_reactivated,
    count(*) FILTER (at_end) AS customers_at_end
  FROM flags GROUP BY ALL)
SELECT k.basis, k.day AS date, w.window_days, k.segment, k.segment_value,
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
  ratio(customers_retained, customers_at_start) AS customer_retention_rate,
  ratio(customers_at_end - customers_new, customers_at_start) AS customer_retention_rate_formula,
  ratio(customers_lost, customers_at_start) AS customer_churn_rate,
  power(ratio(customers_retained, customers_at_start), 365.0 / w.window_days) AS annualised_retention_rate
FROM key_days k CROSS JOIN windows w
LEFT JOIN counts c ON c.basis = k.basis AND c.day = k.day AND c.window_days = w.window_days
  AND c.segment = k.segment AND c.segment_value = k.segment_value
WHERE k.basis <> 'user'
