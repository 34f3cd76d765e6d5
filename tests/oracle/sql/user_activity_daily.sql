WITH periods AS (SELECT unnest([1, 7, 28]) AS period_days),
user_days AS (SELECT DISTINCT user_id, day FROM events),
flags AS (
  SELECT p.person, d.day, k.period_days, p.first_day > d.day - k.period_days AS is_new,
    (SELECT count(*) FROM user_days u WHERE u.user_id = p.person AND u.day > d.day - k.period_days AND u.day <= d.day) AS days_active,
    EXISTS (SELECT 1 FROM user_days u WHERE u.user_id = p.person
            AND u.day > d.day - 2 * k.period_days AND u.day <= d.day - k.period_days) AS before
  FROM people p JOIN days d ON d.day >= p.first_day CROSS JOIN periods k
  WHERE p.basis = 'user'),
valued AS (  -- one value per row: that at the end of D-k if active in the period before, else that at the end of D
  SELECT f.*, e.segment, coalesce(b.segment_value, e.segment_value) AS segment_value
  FROM flags f
  JOIN segment_days e ON e.basis = 'user' AND e.person = f.person AND e.day = f.day
  LEFT JOIN segment_days b ON f.before AND b.basis = 'user' AND b.person = f.person AND b.day = f.day - f.period_days
    AND b.segment = e.segment),
counts AS (
  SELECT day, period_days, segment, segment_value,
    count(*) FILTER (days_active > 0) AS users_active,
    count(*) FILTER (before) AS users_active_before,
    count(*) FILTER (days_active > 0 AND is_new) AS users_new,
    count(*) FILTER (days_active > 0 AND before) AS users_retained,
    count(*) FILTER (days_active > 0 AND NOT is_new AND NOT before) AS users_resurrected,
    count(*) FILTER (days_active = 0 AND before) AS users_dormant,
    sum(days_active) AS user_days
  FROM valued GROUP BY ALL)
SELECT k.day AS date, p.period_days, k.segment, k.segment_value,
  coalesce(users_active, 0) AS users_active,
  coalesce(users_active_before, 0) AS users_active_before,
  coalesce(users_new, 0) AS users_new,
  coalesce(users_retained, 0) AS users_retained,
  coalesce(users_resurrected, 0) AS users_resurrected,
  coalesce(users_dormant, 0) AS users_dormant,
  coalesce(user_days, 0) AS user_days,
  ratio(user_days, p.period_days * users_active) AS stickiness,
  ratio(users_new + users_resurrected, users_dormant) AS quick_ratio
FROM key_days k CROSS JOIN periods p
LEFT JOIN counts c ON c.day = k.day AND c.period_days = p.period_days AND c.segment = k.segment AND c.segment_value = k.segment_value
WHERE k.basis = 'user'
