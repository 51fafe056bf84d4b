-- A person acknowledges, comments on or resolves an incident; only people's fields are written.
-- KEYS: incident, timeline, open, recent, log, idempotency key
-- ARGV: id, at, score, timeline entry, command, who, fingerprint of the whole command, limits
-- Returns {outcome, work state, assignee}; outcome is done | repeated | unchanged | refused | unknown | reused.

local state = redis.call('HMGET', KEYS[1], 'work_state', 'assignee')
local work, assignee = state[1], state[2] or ''
if not work then
  return {'unknown', '', ''}
end
local seen = redis.call('GET', KEYS[6])
if seen then
  return {seen == ARGV[7] and 'repeated' or 'reused', work, assignee}
end

local command, who, limit = ARGV[5], ARGV[6], limits(8)
local over = work == 'resolved' or work == 'closed'
local what = 'commented'
if command == 'acknowledge' then
  if work == 'acknowledged' and assignee == who then
    return {'unchanged', work, assignee}
  elseif work ~= 'new' then
    return {'refused', work, assignee}
  end
  redis.call('HSET', KEYS[1], 'work_state', 'acknowledged', 'assignee', who)
  what = 'acknowledged'
elseif command == 'resolve' then
  if over then
    return {'refused', work, assignee}
  end
  redis.call('HSET', KEYS[1], 'work_state', 'resolved')
  what = 'resolved'
end

record(KEYS[1], KEYS[2], KEYS[5], limit, {id = ARGV[1], at = ARGV[2], what = what, who = who, entry = ARGV[4]})
redis.call('SET', KEYS[6], ARGV[7], 'EX', limit.command_s)
if not over then
  close_if_done(KEYS[1], KEYS[2], KEYS[3], KEYS[4], limit, ARGV[1], ARGV[3])
end
return {'done', redis.call('HGET', KEYS[1], 'work_state'), redis.call('HGET', KEYS[1], 'assignee') or ''}
