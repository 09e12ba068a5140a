-- Takes tokens from a bucket that all nodes share, by the server's clock.
-- KEYS[1] the bucket, KEYS[2] the generation of all buckets
-- ARGV[1] tokens per second, [2] burst, [3] tokens wanted, [4] generation as last seen, or empty
-- Returns tokens granted (-1: the generation is another one), microseconds until there is a token,
-- and the generation.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local rate, burst = tonumber(ARGV[1]) / 1000000, tonumber(ARGV[2])
local wanted, seen = tonumber(ARGV[3]), ARGV[4]

-- A generation begins when there is none. Where one was seen before, buckets were lost: those of the
-- new one begin with one token: losing them grants nobody a second burst, and keeps out nobody whose
-- rate brings one in minutes only.
local generation = redis.call('GET', KEYS[2])
if not generation then
  generation = (seen == '' and 'full:' or 'spent:') .. string.format('%.0f', now)
  redis.call('SET', KEYS[2], generation)
end
if seen ~= '' and seen ~= generation then return {-1, 0, generation} end
if wanted == 0 then return {0, 0, generation} end

local level = burst
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
if bucket[1] then
  -- A clock that was set back brings nothing, and holds nothing back either.
  local elapsed = math.max(0, now - tonumber(bucket[2]))
  level = math.min(burst, tonumber(bucket[1]) + elapsed * rate)
elseif string.sub(generation, 1, 6) == 'spent:' then
  level = math.min(burst, 1 + math.max(0, now - tonumber(string.sub(generation, 7))) * rate)
end
local granted = math.max(0, math.min(wanted, math.floor(level)))
level = level - granted
redis.call('HSET', KEYS[1], 'level', string.format('%.17g', level), 'at', string.format('%.0f', now))
-- By then it is full again, as one that is not there.
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate / 1000) + 1000)
local wait = 0
if granted < wanted then wait = math.max(0, math.ceil((1 - level) / rate)) end
return {granted, wait, generation}
