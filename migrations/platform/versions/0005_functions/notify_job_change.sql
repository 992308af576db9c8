create function notify_job_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Any login may LISTEN on any channel: the message carries neither payload, result nor user.
    perform pg_notify(
        'job_queue',
        json_build_object(
            'id', new.id, 'job_type', new.job_type, 'status', new.status, 'progress', new.progress
        )::text
    );
    return null;
end
$$
