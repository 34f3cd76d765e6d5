WITH ages AS (SELECT unnest([1, 3, 7, 14, 28, 30, 60, 90]) AS age_days),
user_days AS (SELECT DISTINCT user_id, day FROM events),
flags AS (  -- users first seen on D-N, with their value on that day
  SELECT p.person, d.day, a.age_days, s.segment, s.segment_value,
    EXISTS (SELECT 1 FROM user_days u WHERE u.user_id = p.person AND u.day = d.day) AS retained,
    EXISTS (SELECT 1 FROM user_days u WHERE u.user_id = p.person AND u.day > p.first_day AND u.day <= d.day) AS returned
  FROM people p CROSS JOIN ages a
  JOIN days d ON d.day = p.first_day + a.age_days
  JOIN segment_days s ON s.basis = 'user' AND s.person = p.person AND s.day = p.first_day
  WHERE p.basis = 'user'),
counts AS (
  SELECT day, age_days, segment, segment_value, count(*) AS users_in_cohort,
    count(*) FILTER (retained) AS users_retained, count(*) FILTER (returned) AS users_returned
  FROM flags GROUP BY ALL)
SELECT k.day AS date, a.age_days, k.segment, k.segment_value, CAST(k.day - a.age_days AS DATE) AS cohort_date,
  coalesce(users_in_cohort, 0) AS users_in_cohort,
  coalesce(users_retained, 0) AS users_retained,
  ratio(users_retained, users_in_cohort) AS retention_rate,
  coalesce(users_returned, 0) AS users_returned,
  ratio(users_returned, users_in_cohort) AS return_rate
FROM key_days k CROSS JOIN ages a
LEFT JOIN counts c ON c.day = k.day AND c.age_days = a.age_days AND c.segment = k.segment AND c.segment_value = k.segment_value
WHERE k.basis = 'user'
