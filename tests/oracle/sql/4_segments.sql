-- The value of every person in every segment on every day from the person's first fact of the basis on; and the rows each key has.

CREATE TABLE people AS
SELECT basis, person, CASE basis WHEN 'user' THEN 'user' ELSE 'customer' END AS kind, min(day) AS first_day
FROM facts GROUP BY basis, person;

CREATE TABLE segment_days AS
SELECT p.basis, p.person, d.day, 'all' AS segment, 'all' AS segment_value FROM people p JOIN days d ON d.day >= p.first_day
UNION ALL
SELECT p.basis, p.person, d.day, 'acquisition_channel', o.acquisition_channel
FROM people p JOIN days d ON d.day >= p.first_day JOIN origins o ON o.kind = p.kind AND o.person = p.person
WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'channel')
UNION ALL
SELECT p.basis, p.person, d.day, 'country', o.country
FROM people p JOIN days d ON d.day >= p.first_day JOIN origins o ON o.kind = p.kind AND o.person = p.person
WHERE EXISTS (SELECT 1 FROM source_columns WHERE name = 'country');

-- The segments that change in time.

INSERT INTO segment_days
SELECT p.basis, p.person, d.day, 'tenure',
  CASE WHEN d.day >= CASE p.basis WHEN 'user' THEN p.first_day ELSE f.day END + 90 THEN 'established' ELSE 'new' END
FROM people p JOIN days d ON d.day >= p.first_day
LEFT JOIN first_active f ON f.basis = p.basis AND f.person = p.person;

CREATE TABLE plan_days AS  -- the plan with the largest MRR, ties by name; in the reporting currency where there is one
SELECT s.day, s.customer_id, coalesce(s.plan, 'unknown') AS plan
FROM subscription_mrr s LEFT JOIN rates r ON r.currency = s.currency AND r.day = s.day
WHERE s.mrr > 0
GROUP BY s.day, s.customer_id, s.plan
QUALIFY row_number() OVER (PARTITION BY s.day, s.customer_id ORDER BY sum(s.mrr * coalesce(r.rate, 1)) DESC, coalesce(s.plan, 'unknown')) = 1;

INSERT INTO segment_days
SELECT p.basis, p.person, d.day, 'plan', coalesce(l.plan, 'none')
FROM people p JOIN days d ON d.day >= p.first_day
LEFT JOIN plan_days l ON l.customer_id = p.person AND l.day = d.day
WHERE p.kind = 'customer' AND EXISTS (SELECT 1 FROM sources WHERE name = 'subscriptions');

CREATE TABLE month_values AS  -- on the first of each month, for those with a fact before: revenue of the 365 days before, else MRR of the day before
SELECT m.first_of_month, c.person, CASE
    WHEN EXISTS (SELECT 1 FROM sources WHERE name = 'orders') THEN coalesce((
      SELECT sum(o.net * coalesce(r.rate, 1)) FROM orders o LEFT JOIN rates r ON r.currency = o.currency AND r.day = o.day
      WHERE o.customer_id = c.person AND o.day >= m.first_of_month - 365 AND o.day < m.first_of_month), 0)
    ELSE coalesce((
      SELECT sum(s.mrr * coalesce(r.rate, 1)) FROM customer_mrr s LEFT JOIN rates r ON r.currency = s.currency AND r.day = s.day
      WHERE s.customer_id = c.person AND s.day = m.first_of_month - 1), 0) END AS revenue
FROM (SELECT DISTINCT CAST(date_trunc('month', day) AS DATE) AS first_of_month FROM days) m
JOIN (SELECT person, min(first_day) AS first_day FROM people WHERE kind = 'customer' GROUP BY person) c ON c.first_day < m.first_of_month;

CREATE TABLE tiers AS  -- by the share of all positive revenue that is before a customer
SELECT v.first_of_month, v.person, CASE
    WHEN v.revenue <= 0 THEN 'low'
    WHEN 100 * ahead < 80 * total THEN 'high'
    WHEN 100 * ahead < 95 * total THEN 'mid'
    ELSE 'low' END AS tier
FROM (
  SELECT x.*,
    (SELECT coalesce(sum(y.revenue), 0) FROM month_values y WHERE y.first_of_month = x.first_of_month AND y.revenue > x.revenue) AS ahead,
    (SELECT coalesce(sum(y.revenue), 0) FROM month_values y WHERE y.first_of_month = x.first_of_month AND y.revenue > 0) AS total
  FROM month_values x) v;

INSERT INTO segment_days
SELECT p.basis, p.person, d.day, 'value_tier', coalesce(t.tier, 'unknown')
FROM people p JOIN days d ON d.day >= p.first_day
LEFT JOIN tiers t ON t.person = p.person AND t.first_of_month = CAST(date_trunc('month', d.day) AS DATE)
WHERE p.kind = 'customer' AND EXISTS (SELECT 1 FROM sources WHERE name IN ('orders', 'subscriptions'));
