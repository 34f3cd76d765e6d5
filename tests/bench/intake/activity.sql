-- From raw events to who was active on which day, in codes, sorted: the latest version of every event counts.
CREATE TABLE codes AS
SELECT user_id, row_number() OVER (ORDER BY user_id)::UINTEGER AS person
FROM (SELECT DISTINCT user_id FROM read_parquet('$inbox/*.parquet'));

COPY (
    WITH events AS (
        SELECT unnest(arg_max({'person': person, 'day': occurred_at::DATE}, received_at))
        FROM read_parquet('$inbox/*.parquet') JOIN codes USING (user_id) GROUP BY event_id
    )
    SELECT person, day, count(*) AS events FROM events GROUP BY person, day ORDER BY person, day
) TO '$target/activity.parquet' (COMPRESSION zstd);
COPY codes TO '$target/codes.parquet' (COMPRESSION zstd);
