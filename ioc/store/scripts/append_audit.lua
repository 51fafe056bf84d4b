-- Add an entry to the audit log, if it follows the one that is the last.
-- KEYS: the log (stream), its last entry (hash: number, hash)
-- ARGV: the number and hash of the entry that it follows, its own number and hash, then its fields and values
-- Answers 1, or 0, with the number and hash of the entry that is the last.
local last = redis.call('HMGET', KEYS[2], 'number', 'hash')
local number, hash = last[1] or '0', last[2] or ''
local id = ARGV[3] .. '-0'
local there = redis.call('XRANGE', KEYS[1], id, id)[1]
if there and there[2][1] == 'hash' and there[2][2] == ARGV[4] then
  -- Said again, because the answer got lost.
  return {1, number, hash}
end
if number ~= ARGV[1] or hash ~= ARGV[2] then
  return {0, number, hash}
end
redis.call('XADD', KEYS[1], id, 'hash', ARGV[4], unpack(ARGV, 5))
redis.call('HSET', KEYS[2], 'number', ARGV[3], 'hash', ARGV[4])
return {1, ARGV[3], ARGV[4]}
