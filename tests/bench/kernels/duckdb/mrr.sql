-- Movements of a day are sums over the changes of that day; what is open and close of a day are running sums of them.
WITH changes AS (
    SELECT
        currency, day - DATE '1970-01-01' AS day,
        sum(after - before)::BIGINT AS net,
        sum(after) FILTER (movement = 'new')::BIGINT AS new,
        sum(after) FILTER (movement = 'reactivation')::BIGINT AS reactivation,
        sum(after - before) FILTER (movement = 'expansion')::BIGINT AS expansion,
        sum(before - after) FILTER (movement = 'contraction')::BIGINT AS contraction,
        sum(before) FILTER (movement = 'churn')::BIGINT AS churned,
        count(*) FILTER (movement = 'new') AS customers_new,
        count(*) FILTER (movement = 'reactivation') AS customers_reactivated,
        count(*) FILTER (movement = 'churn') AS customers_churned
    FROM mrr_changes GROUP BY ALL
), firsts AS (
    SELECT currency, min(day) - DATE '1970-01-01' AS day FROM subscription_mrr GROUP BY currency
), grid AS (
    SELECT currency, unnest(generate_series(day, $last_day - DATE '1970-01-01')) AS day FROM firsts
), daily AS (
    SELECT currency, day, coalesce(COLUMNS(changes.* EXCLUDE (currency, day)), 0)
    FROM grid LEFT JOIN changes USING (currency, day)
), stocks AS (
    SELECT *,
        (sum(net) OVER mine)::BIGINT AS closing,
        (sum(customers_new + customers_reactivated - customers_churned) OVER mine)::BIGINT AS paying
    FROM daily WINDOW mine AS (PARTITION BY currency ORDER BY day)
)
SELECT
    DATE '1970-01-01' + day::INTEGER AS date,
    currency, false AS is_converted, 'all' AS segment, 'all' AS segment_value,
    (closing - net) * 0.0001 AS mrr_opening,
    new * 0.0001 AS mrr_new,
    reactivation * 0.0001 AS mrr_reactivation,
    expansion * 0.0001 AS mrr_expansion,
    contraction * 0.0001 AS mrr_contraction,
    churned * 0.0001 AS mrr_churned,
    0 AS mrr_entering, 0 AS mrr_leaving, 0 AS mrr_fx,
    closing * 0.0001 AS mrr_closing,
    paying AS customers_paying,
    customers_new, customers_reactivated, customers_churned,
    CASE WHEN paying > 0 THEN closing / 10000 / paying END AS arpa,
    CASE WHEN contraction + churned > 0 THEN (new + reactivation + expansion) / (contraction + churned) END AS quick_ratio
FROM stocks
