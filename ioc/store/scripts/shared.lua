-- Put before each script of this folder: what every change of an incident has in common.
-- Limits, at the end of ARGV, in the order in which LIMITS of ioc/store/incidents.py gives them.

local function limits(first)
  return {
    timeline = tonumber(ARGV[first]),
    log = ARGV[first + 1],
    recent = tonumber(ARGV[first + 2]),
    kept_s = ARGV[first + 3],
    command_s = ARGV[first + 4],
  }
end

-- Number the change, add it to the incident's timeline, where it has an entry for it, and tell whoever follows the log.
-- Times are written as they come: Lua's numbers would round microseconds.
local function record(incident, timeline, log, limit, change)
  local revision = redis.call('HINCRBY', incident, 'revision', 1)
  redis.call('HSET', incident, 'updated_at', change.at)
  if change.entry then
    local over = redis.call('RPUSH', timeline, change.entry) - limit.timeline
    if over > 0 then
      redis.call('LTRIM', timeline, over, -1)
      redis.call('HINCRBY', incident, 'timeline_dropped', over)
    end
  end
  redis.call('XADD', log, 'MAXLEN', '~', limit.log, '*',
    'incident', change.id, 'revision', revision, 'what', change.what, 'who', change.who, 'at', change.at)
  return revision
end

-- Move an incident that neither holds nor waits for anybody from the open ones to the recent ones. One that was
-- folded under a larger one waits for nobody: that one does.
local function close_if_done(incident, timeline, open, recent, limit, id, score)
  local axes = redis.call('HMGET', incident, 'condition', 'work_state', 'inhibited_by')
  if axes[1] ~= 'cleared' or not (axes[3] or axes[2] == 'resolved' or axes[2] == 'closed') then
    return
  end
  redis.call('ZREM', open, id)
  redis.call('ZADD', recent, score, id)
  redis.call('ZREMRANGEBYRANK', recent, 0, -limit.recent - 1)
  redis.call('EXPIRE', incident, limit.kept_s)
  redis.call('EXPIRE', incident .. ':alerts', limit.kept_s)
  redis.call('EXPIRE', incident .. ':speaks-for', limit.kept_s)
  redis.call('EXPIRE', timeline, limit.kept_s)
end
