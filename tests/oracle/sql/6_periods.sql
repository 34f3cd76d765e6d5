-- Calendar months, quarters and years: the day before, the last day so far, and each person's one value in them.

CREATE TABLE periods AS
SELECT period, period_start, stop - period_start AS period_days, period_start - 1 AS day_before,
  least(stop - 1, watermark) AS last_day, stop <= watermark + 1 AS is_complete
FROM (
  SELECT DISTINCT period, CAST(date_trunc(period, day) AS DATE) AS period_start,
    CAST(date_trunc(period, day) + CASE period WHEN 'month' THEN INTERVAL 1 MONTH WHEN 'quarter' THEN INTERVAL 3 MONTH
      ELSE INTERVAL 12 MONTH END AS DATE) AS stop
  FROM days CROSS JOIN (SELECT unnest(['month', 'quarter', 'year']) AS period))
CROSS JOIN calendar;

CREATE TABLE period_segments AS
SELECT e.basis, e.person, p.period, p.period_start, p.day_before, p.last_day, e.segment,
  coalesce(b.segment_value, e.segment_value) AS segment_value
FROM periods p
JOIN segment_days e ON e.day = p.last_day AND e.basis <> 'user'
LEFT JOIN active a ON a.basis = e.basis AND a.person = e.person AND a.day = p.day_before
LEFT JOIN segment_days b ON b.basis = a.basis AND b.person = a.person AND b.day = a.day AND b.segment = e.segment;
