WITH scales AS (SELECT * FROM (VALUES ('nps', 0, 10), ('csat', 1, 5), ('ces', 1, 7)) s(role, low, high)),
said AS (  -- an answer without a value, or outside of its scale, is none
  SELECT e.customer_id, e.day, e.instant, r.role, e.value
  FROM events e JOIN roles r USING (event_name) LEFT JOIN scales s USING (role)
  WHERE s.role IS NULL OR e.value BETWEEN s.low AND s.high),
latest AS (  -- the latest answer of each customer in (D-90, D]; of one instant the lowest
  SELECT d.person, d.day, d.segment, d.segment_value, s.role, s.value
  FROM segment_days d CROSS JOIN scales c
  JOIN LATERAL (
    SELECT role, value FROM said a
    WHERE a.customer_id = d.person AND a.role = c.role AND a.day > d.day - 90 AND a.day <= d.day
    ORDER BY instant DESC, value LIMIT 1) s ON true
  WHERE d.basis = 'usage'),
answers AS (
  SELECT day, segment, segment_value,
    count(*) FILTER (role = 'nps') AS responses,
    count(*) FILTER (role = 'nps' AND value >= 9) AS promoters,
    count(*) FILTER (role = 'nps' AND value > 6 AND value < 9) AS passives,
    count(*) FILTER (role = 'nps' AND value <= 6) AS detractors,
    count(*) FILTER (role = 'csat') AS csat_responses,
    count(*) FILTER (role = 'csat' AND value >= 4) AS csat_satisfied,
    count(*) FILTER (role = 'ces') AS ces_responses,
    sum(CAST(value AS DECIMAL(20, 4))) FILTER (role = 'ces') AS ces_points
  FROM latest GROUP BY ALL),
told AS (
  SELECT d.day, d.segment, d.segment_value,
    count(*) FILTER (s.role = 'ticket') AS tickets,
    count(*) FILTER (s.role = 'referral') AS referrals
  FROM said s JOIN segment_days d ON d.basis = 'usage' AND d.person = s.customer_id AND d.day = s.day
  GROUP BY ALL),
used AS (
  SELECT d.day, d.segment, d.segment_value, count(*) AS customers_active
  FROM segment_days d JOIN active a ON a.basis = 'usage' AND a.person = d.person AND a.day = d.day
  WHERE d.basis = 'usage' GROUP BY ALL)
SELECT k.day AS date, k.segment, k.segment_value,
  coalesce(responses, 0) AS responses,
  coalesce(promoters, 0) AS promoters,
  coalesce(passives, 0) AS passives,
  coalesce(detractors, 0) AS detractors,
  ratio(promoters - detractors, responses) AS nps,
  coalesce(csat_responses, 0) AS csat_responses,
  coalesce(csat_satisfied, 0) AS csat_satisfied,
  ratio(csat_satisfied, csat_responses) AS csat,
  coalesce(ces_responses, 0) AS ces_responses,
  CAST(coalesce(ces_points, 0) AS DECIMAL(20, 4)) AS ces_points,
  ratio(ces_points, ces_responses) AS ces,
  coalesce(tickets, 0) AS tickets,
  coalesce(customers_active, 0) AS customers_active,
  ratio(100 * coalesce(tickets, 0), customers_active) AS tickets_per_100_customers,
  coalesce(referrals, 0) AS referrals
FROM key_days k
LEFT JOIN answers a ON a.day = k.day AND a.segment = k.segment AND a.segment_value = k.segment_value
LEFT JOIN told t ON t.day = k.day AND t.segment = k.segment AND t.segment_value = k.segment_value
LEFT JOIN used u ON u.day = k.day AND u.segment = k.segment AND u.segment_value = k.segment_value
WHERE k.basis = 'usage' AND EXISTS (SELECT 1 FROM roles)
