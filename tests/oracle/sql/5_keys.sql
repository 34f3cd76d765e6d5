-- Which rows exist: for each key, every day from the first day on which a person with a fact has the value.

CREATE TABLE key_days AS  -- keys without a currency
SELECT k.basis, k.segment, k.segment_value, d.day
FROM (SELECT basis, segment, segment_value, min(day) AS first_day FROM segment_days GROUP BY ALL) k
JOIN days d ON d.day >= k.first_day;

CREATE TABLE money_facts AS  -- a person's first fact in a currency; in the reporting currency: in any
SELECT basis, person, currency, false AS is_converted, min(day) AS first_day FROM facts WHERE currency IS NOT NULL GROUP BY ALL
UNION ALL
SELECT basis, person, (SELECT reporting_currency FROM rules), true, min(day) FROM facts
WHERE currency IS NOT NULL AND (SELECT reporting_currency FROM rules) IS NOT NULL GROUP BY basis, person;

CREATE TABLE money_key_days AS
SELECT k.basis, k.currency, k.is_converted, k.segment, k.segment_value, d.day
FROM (
  SELECT f.basis, f.currency, f.is_converted, s.segment, s.segment_value, min(s.day) AS first_day
  FROM money_facts f JOIN segment_days s ON s.basis = f.basis AND s.person = f.person AND s.day >= f.first_day
  GROUP BY ALL) k
JOIN days d ON d.day >= k.first_day;

-- A person's one value in the row of day D of a window of w days: that at the end of D-w if active then, else that at the end of D.
CREATE TABLE windows AS SELECT unnest([1, 7, 30, 90, 365]) AS window_days;

CREATE TABLE window_segments AS
SELECT e.basis, e.person, e.day, w.window_days, e.segment, coalesce(b.segment_value, e.segment_value) AS segment_value
FROM segment_days e CROSS JOIN windows w
LEFT JOIN active a ON a.basis = e.basis AND a.person = e.person AND a.day = e.day - w.window_days
LEFT JOIN segment_days b ON b.basis = a.basis AND b.person = a.person AND b.day = a.day AND b.segment = e.segment
WHERE e.basis <> 'user';
