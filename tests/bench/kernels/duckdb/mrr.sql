-- Movements are booked in the segment value of their day (churn in that of the day before); MRR is running sums of where
-- pieces of constant MRR begin and end in a value; who crosses into a value without churning brings its opening MRR.
WITH segments AS MATERIALIZED (
    SELECT person, segment, segment_value, coalesce(start_day - DATE '1970-01-01', -1000000) AS since,
        coalesce(end_day - DATE '1970-01-01', 2000000) AS until
    FROM segment_spans WHERE coalesce(basis = 'subscription', true)
), changes AS MATERIALIZED (
    SELECT person, currency, day - DATE '1970-01-01' AS day, before, after, movement,
        coalesce(lead(day) OVER mine - DATE '1970-01-01', 2000000) AS until_day
    FROM mrr_changes WINDOW mine AS (PARTITION BY person, currency ORDER BY day)
), pieces AS (
    SELECT person, currency, day AS s, until_day AS e, after AS revenue FROM changes WHERE after > 0
), split AS (
    SELECT currency, segment, segment_value, greatest(s, since) AS s, least(e, until) AS e, sum(revenue)::BIGINT AS revenue,
        count(*) AS customers
    FROM pieces JOIN segments USING (person)
    WHERE greatest(s, since) < least(e, until) GROUP BY ALL
), booked AS (
    SELECT currency, segment, segment_value, day,
        sum(after) FILTER (movement = 'new')::BIGINT AS new,
        sum(after) FILTER (movement = 'reactivation')::BIGINT AS reactivation,
        sum(after - before) FILTER (movement = 'expansion')::BIGINT AS expansion,
        sum(before - after) FILTER (movement = 'contraction')::BIGINT AS contraction,
        sum(before) FILTER (movement = 'churn')::BIGINT AS churned,
        count(*) FILTER (movement = 'new') AS customers_new,
        count(*) FILTER (movement = 'reactivation') AS customers_reactivated,
        count(*) FILTER (movement = 'churn') AS customers_churned
    FROM changes JOIN segments USING (person)
    WHERE day - (movement = 'churn')::INTEGER >= since AND day - (movement = 'churn')::INTEGER < until
    GROUP BY ALL
), crossings AS (
    SELECT person, segment, segment_value, since AS day, 1 AS entering FROM segments WHERE since > -1000000
    UNION ALL
    SELECT person, segment, segment_value, until, 0 FROM segments WHERE until < 2000000
), crossed AS (
    SELECT pieces.currency, segment, segment_value, crossings.day, sum(revenue * entering)::BIGINT AS entering,
        sum(revenue * (1 - entering))::BIGINT AS leaving
    FROM crossings JOIN pieces ON pieces.person = crossings.person AND s < crossings.day AND crossings.day <= e
    ANTI JOIN (SELECT person, currency, day FROM changes WHERE movement = 'churn') churn
        ON churn.person = crossings.person AND churn.currency = pieces.currency AND churn.day = crossings.day
    GROUP BY ALL
), stocks AS (
    SELECT currency, segment, segment_value, day, sum(revenue)::BIGINT AS net, sum(customers)::BIGINT AS customers
    FROM (
        SELECT currency, segment, segment_value, s AS day, revenue, customers FROM split
        UNION ALL
        SELECT currency, segment, segment_value, e, -revenue, -customers FROM split
    )
    WHERE day <= $last_day - DATE '1970-01-01' GROUP BY ALL
), rows AS (
    SELECT * FROM booked
    FULL JOIN stocks USING (currency, segment, segment_value, day)
    FULL JOIN crossed USING (currency, segment, segment_value, day)
), firsts AS (
    SELECT currency, segment, segment_value, min(greatest(day, since)) AS day
    FROM (SELECT person, currency, min(day) - DATE '1970-01-01' AS day FROM subscription_mrr GROUP BY ALL) first
    JOIN segments USING (person)
    WHERE greatest(day, since) < until AND greatest(day, since) <= $last_day - DATE '1970-01-01'
    GROUP BY ALL
), grid AS (
    SELECT currency, segment, segment_value, unnest(generate_series(day, $last_day - DATE '1970-01-01')) AS day FROM firsts
), daily AS (
    SELECT currency, segment, segment_value, day, coalesce(COLUMNS(rows.* EXCLUDE (currency, segment, segment_value, day)), 0)
    FROM grid LEFT JOIN rows USING (currency, segment, segment_value, day)
), running AS (
    SELECT *, (sum(net) OVER mine)::BIGINT AS closing, (sum(customers) OVER mine)::BIGINT AS paying
    FROM daily WINDOW mine AS (PARTITION BY currency, segment, segment_value ORDER BY day)
)
SELECT
    DATE '1970-01-01' + day::INTEGER AS date,
    currency, false AS is_converted, segment, segment_value,
    (closing - net) * 0.0001 AS mrr_opening,
    new * 0.0001 AS mrr_new,
    reactivation * 0.0001 AS mrr_reactivation,
    expansion * 0.0001 AS mrr_expansion,
    contraction * 0.0001 AS mrr_contraction,
    churned * 0.0001 AS mrr_churned,
    entering * 0.0001 AS mrr_entering,
    leaving * 0.0001 AS mrr_leaving,
    0 AS mrr_fx,
    closing * 0.0001 AS mrr_closing,
    paying AS customers_paying,
    customers_new, customers_reactivated, customers_churned,
    CASE WHEN paying > 0 THEN closing / 10000 / paying END AS arpa,
    CASE WHEN contraction + churned > 0 THEN (new + reactivation + expansion) / (contraction + churned) END AS quick_ratio
FROM running
