-- One row per customer, currency and period with an order; then cells by cohort and age, and the whole triangle.
WITH facts AS (
    SELECT person, currency, day, revenue, min(day) OVER (PARTITION BY person, currency) AS first_day
    FROM order_days WHERE day <= $last_day
), periods AS (
    SELECT person, currency, revenue, unnest([
        {'grain': 'week', 'cohort': (first_day - DATE '1970-01-01' + 3) // 7, 'period': (day - DATE '1970-01-01' + 3) // 7},
        {'grain': 'month', 'cohort': year(first_day) * 12 + month(first_day) - 1, 'period': year(day) * 12 + month(day) - 1}
    ], recursive := true)
    FROM facts
), customers AS (
    SELECT grain, currency, cohort, period, sum(revenue)::BIGINT AS revenue FROM periods
    GROUP BY person, currency, grain, cohort, period
), cells AS (
    SELECT grain, currency, cohort, period - cohort AS age, count(*) AS retained, sum(revenue)::BIGINT AS revenue
    FROM customers GROUP BY ALL
), last_period AS (
    SELECT unnest(['week', 'month']) AS grain, unnest([($last_day - DATE '1970-01-01' + 3) // 7,
        year($last_day) * 12 + month($last_day) - 1]) AS last
), triangle AS (
    SELECT grain, currency, cohort, retained AS size, unnest(generate_series(0, last - cohort)) AS age
    FROM cells JOIN last_period USING (grain) WHERE age = 0
), whole AS (
    SELECT
        grain, currency, cohort, age, size,
        coalesce(retained, 0) AS retained,
        coalesce(revenue, 0) AS revenue,
        (sum(coalesce(revenue, 0)) OVER mine)::BIGINT AS cumulative,
        first_value(coalesce(revenue, 0)) OVER mine AS at_age_0,
        CASE grain WHEN 'week' THEN DATE '1970-01-01' + ((cohort + age) * 7 + 3)::INTEGER
            ELSE last_day(make_date((cohort + age) // 12, (cohort + age) % 12 + 1, 1)) END <= $last_day AS is_over,
        CASE grain WHEN 'week' THEN DATE '1970-01-01' + (cohort * 7 - 3)::INTEGER
            ELSE make_date(cohort // 12, cohort % 12 + 1, 1) END AS starts
    FROM triangle LEFT JOIN cells USING (grain, currency, cohort, age)
    WINDOW mine AS (PARTITION BY grain, currency, cohort ORDER BY age)
)
SELECT
    'orders' AS basis, grain AS cohort_grain, starts AS cohort_start, age, currency,
    'all' AS segment, 'all' AS segment_value,
    size AS customers_in_cohort,
    retained AS customers_retained,
    CASE WHEN is_over THEN retained / size END AS retention_rate,
    revenue * 0.0001 AS revenue,
    CASE WHEN is_over AND at_age_0 > 0 THEN revenue / at_age_0 END AS revenue_retention_rate,
    cumulative * 0.0001 AS revenue_cumulative,
    CASE WHEN is_over THEN cumulative / 10000 / size END AS revenue_per_customer,
    is_over AS is_complete
FROM whole
