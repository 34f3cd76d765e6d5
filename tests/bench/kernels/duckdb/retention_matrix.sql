-- One pass over the sorted user days gives C[first day, day], with how many of them open a week, a month, and are the
-- user's last; the triangles of every grain come from that small table.
WITH users AS (
    SELECT person, first_day FROM people WHERE kind = 'user'
), packed AS (
    SELECT (person::BIGINT << 16) | (day - DATE '1970-01-01') AS packed_day FROM user_days WHERE day <= $last_day ORDER BY 1
), neighbours AS (
    SELECT packed_day, lag(packed_day) OVER () AS before, lead(packed_day) OVER () AS after FROM packed
), seen AS (
    SELECT
        (packed_day >> 16)::UINTEGER AS person,
        (packed_day & 65535)::INTEGER AS day,
        CASE WHEN before >> 16 = packed_day >> 16 THEN (before & 65535)::INTEGER END AS earlier,
        coalesce(after >> 16 <> packed_day >> 16, true) AS is_last
    FROM neighbours
), met AS MATERIALIZED (
    SELECT
        first_day,
        DATE '1970-01-01' + day AS day,
        coalesce((earlier + 3) // 7 <> (day + 3) // 7, true) AS opens_week,
        coalesce(earlier < date_trunc('month', DATE '1970-01-01' + day)::DATE - DATE '1970-01-01', true) AS opens_month,
        is_last,
        count(*) AS users
    FROM seen JOIN users USING (person)
    GROUP BY ALL
), periods AS (
    SELECT
        unnest([
            {'grain': 'day', 'cohort': first_day - DATE '1970-01-01', 'period': day - DATE '1970-01-01', 'opens': true},
            {'grain': 'week', 'cohort': (first_day - DATE '1970-01-01' + 3) // 7,
             'period': (day - DATE '1970-01-01' + 3) // 7, 'opens': opens_week},
            {'grain': 'month', 'cohort': year(first_day) * 12 + month(first_day) - 1,
             'period': year(day) * 12 + month(day) - 1, 'opens': opens_month}
        ], recursive := true),
        is_last,
        users
    FROM met
), cells AS (
    SELECT
        grain, cohort,
        CASE WHEN grain = 'day' THEN least(period - cohort, 91) ELSE period - cohort END AS age,
        sum(users) FILTER (opens) AS retained,
        sum(users) FILTER (is_last) AS lasted
    FROM periods GROUP BY ALL
), sizes AS (
    SELECT grain, cohort, retained AS size FROM cells WHERE age = 0
), last_period AS (
    SELECT grain, CASE grain WHEN 'day' THEN $last_day - DATE '1970-01-01'
        WHEN 'week' THEN ($last_day - DATE '1970-01-01' + 3) // 7
        ELSE year($last_day) * 12 + month($last_day) - 1 END AS last
    FROM (VALUES ('day'), ('week'), ('month')) g(grain)
), triangle AS (
    SELECT grain, cohort, size, unnest(generate_series(0, CASE WHEN grain = 'day' THEN least(last - cohort, 91) ELSE last - cohort END)) AS age
    FROM sizes JOIN last_period USING (grain)
), whole AS (
    SELECT
        grain, cohort, age, size,
        coalesce(retained, 0) AS retained,
        sum(coalesce(lasted, 0)) OVER (PARTITION BY grain, cohort ORDER BY age DESC) AS or_later,
        CASE grain WHEN 'day' THEN DATE '1970-01-01' + (cohort + age)::INTEGER
            WHEN 'week' THEN DATE '1970-01-01' + ((cohort + age) * 7 + 3)::INTEGER
            ELSE last_day(make_date((cohort + age) // 12, (cohort + age) % 12 + 1, 1)) END AS ends,
        CASE grain WHEN 'day' THEN DATE '1970-01-01' + cohort::INTEGER
            WHEN 'week' THEN DATE '1970-01-01' + (cohort * 7 - 3)::INTEGER
            ELSE make_date(cohort // 12, cohort % 12 + 1, 1) END AS starts
    FROM triangle LEFT JOIN cells USING (grain, cohort, age)
)
SELECT
    grain AS cohort_grain, starts AS cohort_start, age, 'all' AS segment, 'all' AS segment_value,
    size AS users_in_cohort,
    retained AS users_retained,
    CASE WHEN ends <= $last_day THEN retained / size END AS retention_rate,
    or_later AS users_retained_or_later,
    CASE WHEN ends <= $last_day THEN or_later / size END AS retention_rate_unbounded,
    ends <= $last_day AS is_complete
FROM whole
WHERE grain <> 'day' OR age <= 90
