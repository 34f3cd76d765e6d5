WITH grains AS (SELECT unnest(['day', 'week', 'month']) AS cohort_grain),
periods AS (  -- every period begun, with its first day and its first day after
  SELECT cohort_grain, start, CAST(CASE cohort_grain WHEN 'day' THEN start + INTERVAL 1 DAY WHEN 'week' THEN start + INTERVAL 7 DAY
    ELSE start + INTERVAL 1 MONTH END AS DATE) AS stop
  FROM (SELECT DISTINCT cohort_grain, CAST(date_trunc(cohort_grain, day) AS DATE) AS start FROM days CROSS JOIN grains)),
members AS (
  SELECT p.person, g.cohort_grain, CAST(date_trunc(g.cohort_grain, p.first_day) AS DATE) AS cohort_start, s.segment, s.segment_value
  FROM people p CROSS JOIN grains g
  JOIN segment_days s ON s.basis = 'user' AND s.person = p.person AND s.day = p.first_day
  WHERE p.basis = 'user'
    AND (s.segment = 'all' OR (g.cohort_grain <> 'day' AND s.segment IN ('acquisition_channel', 'country')))),
cells AS (
  SELECT m.*, p.start, p.stop,
    CASE m.cohort_grain WHEN 'day' THEN p.start - m.cohort_start WHEN 'week' THEN (p.start - m.cohort_start) // 7
      ELSE (year(p.start) - year(m.cohort_start)) * 12 + month(p.start) - month(m.cohort_start) END AS age,
    EXISTS (SELECT 1 FROM events e WHERE e.user_id = m.person AND e.day >= p.start AND e.day < p.stop) AS retained,
    EXISTS (SELECT 1 FROM events e WHERE e.user_id = m.person AND e.day >= p.start) AS retained_or_later
  FROM members m JOIN periods p ON p.cohort_grain = m.cohort_grain AND p.start >= m.cohort_start)
SELECT cohort_grain, cohort_start, age, segment, segment_value,
  count(*) AS users_in_cohort,
  count(*) FILTER (retained) AS users_retained,
  CASE WHEN stop <= (SELECT watermark FROM calendar) + 1 THEN ratio(count(*) FILTER (retained), count(*)) END AS retention_rate,
  count(*) FILTER (retained_or_later) AS users_retained_or_later,
  CASE WHEN stop <= (SELECT watermark FROM calendar) + 1 THEN ratio(count(*) FILTER (retained_or_later), count(*)) END
    AS retention_rate_unbounded,
  stop <= (SELECT watermark FROM calendar) + 1 AS is_complete
FROM cells
WHERE cohort_grain <> 'day' OR age <= 90
GROUP BY cohort_grain, cohort_start, age, segment, segment_value, stop
