-- One pass over the sorted user days gives G[day, gap since the day before]; every period's stocks are sums over it.
-- Tenure `new` is counted by what is left of a user's first 90 days; `established` is everybody less those.
WITH users AS (
    SELECT person, first_day - DATE '1970-01-01' AS first FROM people WHERE kind = 'user'
), packed AS (
    SELECT (person::BIGINT << 16) | (day - DATE '1970-01-01') AS packed_day FROM user_days ORDER BY 1
), neighbours AS (
    SELECT packed_day, lag(packed_day) OVER () AS before FROM packed
), days AS MATERIALIZED (
    SELECT
        person,
        (packed_day & 65535)::INTEGER AS day,
        first::INTEGER AS first,
        CASE WHEN before >> 16 = packed_day >> 16 THEN least(packed_day - before, 56)::INTEGER ELSE 56 END AS gap
    FROM neighbours JOIN users ON users.person = packed_day >> 16
), cells AS (
    SELECT 'all' AS who, day, gap, 999999 AS leaves, count(*) AS users, count(*) FILTER (day = first) AS fresh
    FROM days GROUP BY ALL
    UNION ALL
    SELECT 'new', day, gap, day + least(first + 90 - day, 56), count(*), count(*) FILTER (day = first)
    FROM days WHERE day < first + 90 GROUP BY ALL
), periods AS (
    SELECT unnest([1, 7, 28]) AS k
), counted AS (
    SELECT *, day + greatest(0, k - gap) AS begins FROM cells, periods
), pieces AS (
    SELECT who, k, begins AS s, least(day + k, leaves) AS e, users AS active, 0 AS before, 0 AS new, 0 AS retained, 0 AS user_days
    FROM counted
    UNION ALL
    SELECT who, k, begins + k, least(day + 2 * k, leaves), 0, users, 0, 0, 0 FROM counted
    UNION ALL
    SELECT who, k, day, least(day + k, leaves), 0, 0, fresh, 0, users FROM counted
    UNION ALL
    SELECT who, k, begins, least(day + least(k, 2 * k - gap), leaves), 0, 0, 0, users, 0 FROM counted
), came AS (
    SELECT person, k, day, first + 90 AS turns
    FROM days, periods WHERE day > first + 90 - 2 * k AND day < first + 90 + k
), steps AS (
    SELECT person, k, turns, day, sum(days_now) AS days_now, sum(days_then) AS days_then
    FROM (
        SELECT person, k, turns, unnest([day, day + k, day + 2 * k]) AS day, unnest([1, -1, 0]) AS days_now,
            unnest([0, 1, -1]) AS days_then
        FROM came
    )
    GROUP BY ALL
), overlaid AS (
    SELECT person, k, turns, day AS s, lead(day) OVER mine AS e, sum(days_now) OVER mine AS days_now,
        sum(days_then) OVER mine AS days_then
    FROM steps WINDOW mine AS (PARTITION BY person, k ORDER BY day)
), read_as_young AS (
    SELECT 'new' AS who, k, greatest(s, turns) AS s, least(e, turns + k) AS e, (days_now > 0)::INTEGER AS active,
        1 AS before, 0 AS new, (days_now > 0)::INTEGER AS retained, days_now AS user_days
    FROM overlaid WHERE days_then > 0
), covering AS (
    SELECT * FROM (FROM pieces UNION ALL FROM read_as_young)
    WHERE s < e AND s <= $last_day - DATE '1970-01-01' AND e > $first_day - DATE '1970-01-01'
), changes AS MATERIALIZED (
    SELECT who, k, day, sum(active) AS active, sum(before) AS before, sum(new) AS new, sum(retained) AS retained,
        sum(user_days) AS user_days
    FROM (
        SELECT who, k, greatest(s, $first_day - DATE '1970-01-01') AS day, * EXCLUDE (who, k, s, e) FROM covering
        UNION ALL
        SELECT who, k, e, -active, -before, -new, -retained, -user_days FROM covering
        WHERE e <= $last_day - DATE '1970-01-01'
    )
    GROUP BY ALL
), spans AS (
    SELECT unnest(['new', 'established']) AS segment_value, unnest([first, first + 90]) AS day FROM users
), tenures AS (
    SELECT * FROM changes WHERE who = 'new'
    UNION ALL
    SELECT 'established', k, day, sum(active) AS active, sum(before), sum(new), sum(retained), sum(user_days)
    FROM (
        FROM changes WHERE who = 'all'
        UNION ALL
        SELECT who, k, day, -active, -before, -new, -retained, -user_days FROM changes WHERE who = 'new'
    )
    GROUP BY k, day
), rows AS (
    SELECT * FROM changes WHERE who = 'all'
    UNION ALL
    FROM tenures WHERE active <> 0 OR before <> 0 OR new <> 0 OR retained <> 0 OR user_days <> 0
    UNION ALL
    SELECT segment_value, k, min(day), 0, 0, 0, 0, 0 FROM spans, periods
    WHERE day <= $last_day - DATE '1970-01-01' GROUP BY ALL
), grid AS (
    SELECT who, k, unnest(generate_series(min(day), $last_day - DATE '1970-01-01')) AS day FROM rows GROUP BY who, k
), daily AS (
    SELECT who, k, day, coalesce(sum(active), 0) AS active, coalesce(sum(before), 0) AS before,
        coalesce(sum(new), 0) AS new, coalesce(sum(retained), 0) AS retained, coalesce(sum(user_days), 0) AS user_days
    FROM grid LEFT JOIN rows USING (who, k, day) GROUP BY ALL
), stocks AS (
    SELECT who, k, day, sum(active) OVER mine AS active, sum(before) OVER mine AS before, sum(new) OVER mine AS new,
        sum(retained) OVER mine AS retained, sum(user_days) OVER mine AS user_days
    FROM daily WINDOW mine AS (PARTITION BY who, k ORDER BY day)
)
SELECT
    DATE '1970-01-01' + day::INTEGER AS date,
    k AS period_days,
    CASE who WHEN 'all' THEN 'all' ELSE 'tenure' END AS segment,
    who AS segment_value,
    active AS users_active,
    before AS users_active_before,
    new AS users_new,
    retained AS users_retained,
    active - new - retained AS users_resurrected,
    before - retained AS users_dormant,
    user_days,
    CASE WHEN active > 0 THEN user_days / (k * active) END AS stickiness,
    CASE WHEN before > retained THEN (active - retained) / (before - retained) END AS quick_ratio
FROM stocks
