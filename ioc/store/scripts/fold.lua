-- A larger incident speaks for another from now on, or no longer; what is younger than this is left alone.
-- KEYS: incident, timeline, open, recent, log, what the larger one speaks for
-- ARGV: id, at, score, timeline entry, the larger one or nothing, turn, limits
-- Returns 1 where it was written, else 0.

local known = redis.call('HMGET', KEYS[1], 'fold_turn', 'inhibited_by', 'id')
local under, turn = ARGV[5], ARGV[6]
if not known[3] or tonumber(known[1] or '-1') >= tonumber(turn) then
  return 0
end
redis.call('HSET', KEYS[1], 'fold_turn', turn)
if under == (known[2] or '') then
  return 0
end
local what = 'folded'
if under == '' then
  what = 'unfolded'
  redis.call('HDEL', KEYS[1], 'inhibited_by')
else
  redis.call('HSET', KEYS[1], 'inhibited_by', under)
  redis.call('ZADD', KEYS[6], turn, ARGV[1])
end
local limit = limits(7)
record(KEYS[1], KEYS[2], KEYS[5], limit, {id = ARGV[1], at = ARGV[2], what = what, who = 'machine', entry = ARGV[4]})
close_if_done(KEYS[1], KEYS[2], KEYS[3], KEYS[4], limit, ARGV[1], ARGV[3])
return 1
