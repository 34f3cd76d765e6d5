WITH lives AS (  -- the first active day, and the first day after it that is not active any more
  SELECT f.basis, f.person, f.day AS first_day,
    (SELECT min(e.day) FROM span_ends e WHERE e.basis = f.basis AND e.person = f.person) AS end_day
  FROM first_active f),
seen AS (
  SELECT basis, person, first_day, end_day IS NOT NULL AS is_lost,
    coalesce(end_day, (SELECT watermark FROM calendar)) - first_day AS age
  FROM lives),
valued AS (
  SELECT l.*, s.segment, s.segment_value
  FROM seen l JOIN segment_days s ON s.basis = l.basis AND s.person = l.person AND s.day = l.first_day
  WHERE s.segment IN ('all', 'acquisition_channel', 'country', 'plan')),
ages AS (
  SELECT basis, segment, segment_value, unnest(generate_series(0, oldest)) AS age_days
  FROM (SELECT basis, segment, segment_value, max(age) AS oldest FROM valued GROUP BY ALL)),
counted AS (
  SELECT a.basis, a.age_days, a.segment, a.segment_value,
    count(*) AS at_risk,
    count(*) FILTER (v.age = a.age_days AND v.is_lost) AS lost,
    count(*) FILTER (v.age = a.age_days AND NOT v.is_lost) AS censored
  FROM ages a JOIN valued v ON v.basis = a.basis AND v.segment = a.segment AND v.segment_value = a.segment_value AND v.age >= a.age_days
  GROUP BY ALL),
curve AS (
  SELECT c.*,
    (SELECT product(1 - CAST(o.lost AS DOUBLE) / o.at_risk) FROM counted o WHERE o.basis = c.basis AND o.segment = c.segment
      AND o.segment_value = c.segment_value AND o.age_days <= c.age_days) AS survival,
    (SELECT sum(CAST(o.lost AS DOUBLE) / (o.at_risk * (o.at_risk - o.lost))) FROM counted o
      WHERE o.basis = c.basis AND o.segment = c.segment AND o.segment_value = c.segment_value AND o.age_days <= c.age_days AND o.lost < o.at_risk) AS greenwood
  FROM counted c)
SELECT basis, age_days, segment, segment_value, at_risk, lost, censored, survival,
  -- log(-log S) +- 1.96 standard errors, each of which is that of log S over log S
  CASE WHEN survival > 0 AND survival < 1 THEN exp(-exp(ln(-ln(survival)) + 1.959963984540054 * sqrt(greenwood) / -ln(survival))) END AS survival_low,
  CASE WHEN survival > 0 AND survival < 1 THEN exp(-exp(ln(-ln(survival)) - 1.959963984540054 * sqrt(greenwood) / -ln(survival))) END AS survival_high
FROM curve
