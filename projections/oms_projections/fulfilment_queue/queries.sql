-- name: fulfilment_performance
-- Fulfilment orders on which work began in a period, by group; days, weeks and months are those of
-- the time zone `tz`. Times in hours. With `ordinary`, of orders alone that are not sensitive.
WITH chosen AS (
    SELECT *,
        CASE %(group_by)s::text
            WHEN 'none' THEN ''
            WHEN 'day' THEN to_char(opened_at AT TIME ZONE %(tz)s::text, 'YYYY-MM-DD')
            WHEN 'week' THEN to_char(opened_at AT TIME ZONE %(tz)s::text, 'IYYY-"W"IW')
            WHEN 'month' THEN to_char(opened_at AT TIME ZONE %(tz)s::text, 'YYYY-MM')
            WHEN 'location' THEN location
            ELSE channel
        END AS grp
    FROM fulfilment_queue
    WHERE true
      AND NOT sensitive -- if ordinary
      AND opened_at >= %(from)s::timestamptz -- if from
      AND opened_at < %(to)s::timestamptz -- if to
      AND channel = %(channel)s::text -- if channel
      AND lower(channel) = ANY (%(within)s::text[]) -- if within
      AND location = %(location)s::text -- if location
)
SELECT grp AS "group",
    count(*) AS fulfilments,
    count(*) FILTER (WHERE sensitive) AS sensitive_fulfilments,
    count(accepted_at) AS accepted,
    count(rejected_at) AS rejected,
    count(*) FILTER (WHERE accepted_at IS NOT NULL OR rejected_at IS NOT NULL) AS offered,
    count(*) FILTER (WHERE overdue) AS overdue,
    count(picked_at) AS picks,
    sum(picked)::bigint AS units_picked,
    sum(short)::bigint AS units_short,
    count(*) FILTER (WHERE short > 0) AS short_picks,
    percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
        ORDER BY extract(epoch FROM accepted_at - opened_at)::float8 / 3600) AS accept_hours,
    percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
        ORDER BY extract(epoch FROM picked_at - opened_at)::float8 / 3600) AS pick_hours,
    percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (
        ORDER BY extract(epoch FROM packed_at - picked_at)::float8 / 3600)
        FILTER (WHERE packed_at >= picked_at) AS pack_hours
FROM chosen
GROUP BY grp
ORDER BY grp;
