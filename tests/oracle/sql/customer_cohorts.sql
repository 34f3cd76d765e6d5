WITH grains AS (SELECT unnest(['week', 'month']) AS cohort_grain),
bounds AS (SELECT watermark FROM calendar),
cohorts AS (  -- the first active day of each (customer, currency): an order day, or a day with MRR
  SELECT basis, person, currency, min(day) AS first_day FROM (
    SELECT 'orders' AS basis, customer_id AS person, currency, day FROM orders
    UNION ALL SELECT 'subscription', customer_id, currency, day FROM customer_mrr WHERE mrr > 0)
  GROUP BY ALL),
periods AS (  -- every period begun, with its first day and its first day after
  SELECT cohort_grain, start, CAST(CASE cohort_grain WHEN 'week' THEN start + INTERVAL 7 DAY ELSE start + INTERVAL 1 MONTH END AS DATE) AS stop
  FROM (SELECT DISTINCT cohort_grain, CAST(date_trunc(cohort_grain, day) AS DATE) AS start FROM days CROSS JOIN grains)),
members AS (
  SELECT c.basis, c.person, c.currency, g.cohort_grain, CAST(date_trunc(g.cohort_grain, c.first_day) AS DATE) AS cohort_start,
    s.segment, s.segment_value
  FROM cohorts c CROSS JOIN grains g
  JOIN segment_days s ON s.basis = c.basis AND s.person = c.person AND s.day = c.first_day
  WHERE s.segment IN ('all', 'acquisition_channel', 'country', 'plan')),
cells AS (
  SELECT m.*, p.start, p.stop,
    CASE m.cohort_grain WHEN 'week' THEN (p.start - m.cohort_start) // 7
      ELSE (year(p.start) - year(m.cohort_start)) * 12 + month(p.start) - month(m.cohort_start) END AS age,
    CASE m.basis
      WHEN 'orders' THEN (SELECT coalesce(sum(o.net), 0) FROM orders o
        WHERE o.customer_id = m.person AND o.currency = m.currency AND o.day >= p.start AND o.day < p.stop)
      ELSE (SELECT coalesce(sum(c.mrr), 0) FROM customer_mrr c WHERE c.customer_id = m.person AND c.currency = m.currency
        AND c.day = least(CAST(p.stop - INTERVAL 1 DAY AS DATE), (SELECT watermark FROM bounds))) END AS revenue,
    CASE m.basis
      WHEN 'orders' THEN EXISTS (SELECT 1 FROM orders o
        WHERE o.customer_id = m.person AND o.currency = m.currency AND o.day >= p.start AND o.day < p.stop)
      ELSE EXISTS (SELECT 1 FROM customer_mrr c WHERE c.customer_id = m.person AND c.currency = m.currency AND c.mrr > 0
        AND c.day = least(CAST(p.stop - INTERVAL 1 DAY AS DATE), (SELECT watermark FROM bounds))) END AS retained
  FROM members m JOIN periods p ON p.cohort_grain = m.cohort_grain AND p.start >= m.cohort_start),
sums AS (
  SELECT basis, cohort_grain, cohort_start, age, currency, segment, segment_value, stop <= (SELECT watermark FROM bounds) + 1 AS is_complete,
    count(*) AS customers_in_cohort,
    count(*) FILTER (retained OR age = 0) AS customers_retained,
    money(sum(revenue)) AS revenue
  FROM cells GROUP BY ALL),
totals AS (
  SELECT s.*,
    (SELECT z.revenue FROM sums z WHERE z.age = 0 AND z.basis = s.basis AND z.cohort_grain = s.cohort_grain AND z.cohort_start = s.cohort_start
      AND z.currency = s.currency AND z.segment = s.segment AND z.segment_value = s.segment_value) AS revenue_at_age_0,
    CASE WHEN basis = 'orders' OR cohort_grain = 'month' THEN
      (SELECT sum(z.revenue) FROM sums z WHERE z.age <= s.age AND z.basis = s.basis AND z.cohort_grain = s.cohort_grain
       AND z.cohort_start = s.cohort_start AND z.currency = s.currency AND z.segment = s.segment AND z.segment_value = s.segment_value)
    END AS revenue_cumulative
  FROM sums s)
SELECT basis, cohort_grain, cohort_start, age, currency, segment, segment_value,
  customers_in_cohort, customers_retained,
  CASE WHEN is_complete THEN ratio(customers_retained, customers_in_cohort) END AS retention_rate,
  revenue,
  CASE WHEN is_complete THEN ratio(revenue, revenue_at_age_0) END AS revenue_retention_rate,
  revenue_cumulative,
  CASE WHEN is_complete THEN ratio(revenue_cumulative, customers_in_cohort) END AS revenue_per_customer,
  is_complete
FROM totals
