-- The one script that writes: checks what it is told to expect, then writes a plan, whole or not at all.
--
-- KEYS[1]  what the names of all keys begin with: `mod:{<site>}:`. Every key that is read or written is KEYS[1] and a name
--          from ARGV, so all lie in one slot. What is of no site has no `head`, and its one key is KEYS[1] itself.
-- ARGV     a list of texts that is read from front to back; a section of several items begins with their number:
--            tag            the store's, as every head begins with; empty: there is no head to look at
--            micros         the time for limits; empty: the server's
--            expectations   name, what its value must begin with (empty: it must not be there, or hold nothing)
--            stop           1: whoever is over a limit's mark is told, and nothing is written
--            charges        name, number of quotas, and of each: microseconds between two, microseconds ahead, the step
--                           (`mark` or `refuse`)
--            deltas         name, period, what a new entry is written as (empty: there is nothing to begin one with), and in one
--                           text `<seen>,<approved>,<spam>,<abuse>,<sign><member>`: what is added, and what becomes of a member
--                           (`+`, `-`, or `?`: added if there is room; empty: there is none)
--            counts         added to approved, held, rejected, open; then 1 if the settings' version grows
--            events         milliseconds, the event
--            lessons        milliseconds, the lesson
--            removals       name and member of an index
--            additions      name and member of an index
--            deletions      name
--            values         name, value
--            passing        name, value, milliseconds that it is kept
--            trim           id of the oldest event that stays; empty: all stay
--            forget         number of the oldest lesson that stays; empty: all stay
-- Returns  {'ok', milliseconds and number of the last event}
--          {'expected', which expectation failed, counted from 1, the value that is there or nil}
--          {'none'} there is no such site, {'lost', head} it is another store's
--          {'refused' or 'over', which charge, which quota, microseconds to wait}: nothing is charged
--
-- Repeated, it fails an expectation: every plan expects what it changes to be as it was read, and every record begins with
-- the stamp of the plan that wrote it last, by which a repetition is known. All writes stand at the end; Redis keeps what a
-- script wrote before an error.

local prefix, argv, call = KEYS[1], ARGV, redis.call
local find, format, gmatch, match, sub = string.find, string.format, string.gmatch, string.match, string.sub

-- The arguments are walked twice, with no tables made of them: first for what is read, which is one call, then for the rest.
local tag, micros = argv[1], argv[2]
local has_head = tag ~= ''
local place, names = 3, {}
if has_head then
  names[1] = prefix .. 'head'
end

local expectations, first_expected = tonumber(argv[place]), #names + 1
local expected_at = place + 1
for n = 1, expectations do
  names[#names + 1] = prefix .. argv[expected_at + 2 * n - 2]
end
place = expected_at + 2 * expectations

local stop, charges, charges_at = argv[place] == '1', tonumber(argv[place + 1]), place + 2
local first_charged = #names + 1
place = charges_at
for n = 1, charges do
  names[#names + 1] = prefix .. argv[place]
  place = place + 2 + 3 * argv[place + 1]
end

local deltas, deltas_at = tonumber(argv[place]), place + 1
local slot_of = {}
for n = 1, deltas do
  local name = argv[deltas_at + 4 * n - 4]
  if not slot_of[name] then
    names[#names + 1] = prefix .. name
    slot_of[name] = #names
  end
end
place = deltas_at + 4 * deltas

local counts_at = place
local events, events_at = tonumber(argv[counts_at + 5]), counts_at + 6
place = events_at + 2 * events
local lessons, lessons_at = tonumber(argv[place]), place + 1
place = lessons_at + 2 * lessons
if lessons > 0 then
  names[#names + 1] = prefix .. 'n'
end

local found = {}
if #names > 0 then
  found = call('MGET', unpack(names))
end

-- The site's head: its numbers.
local millis, event_number, approved, held, rejected, open, version, operations
if has_head then
  local text = found[1]
  if not text then
    return { 'none' }
  end
  local owner
  owner, millis, event_number, approved, held, rejected, open, version, operations =
    match(text, '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  if owner ~= tag then
    return { 'lost', text }
  end
  millis, event_number = tonumber(millis), tonumber(event_number)
end

for n = 1, expectations do
  local value, start = found[first_expected + n - 1], argv[expected_at + 2 * n - 1]
  if start == '' then
    -- Nobody writes an empty value: it is damage, and holds nothing that could be lost.
    if value and value ~= '' then
      return { 'expected', n, value }
    end
  elseif not value or sub(value, 1, #start) ~= start then
    return { 'expected', n, value }
  end
end

local function whole(value)
  return format('%.0f', value)
end

-- Limits, by GCRA: of each quota, the moment up to which it is used up. Who is refused is charged nothing. The values go a
-- minute after they have nothing to say: a clock may go back.
local passing = {}
if charges > 0 then
  local now
  if micros == '' then
    local time = call('TIME')
    now = time[1] * 1000000 + time[2]
  else
    now = tonumber(micros)
  end
  local refused, over
  local at = charges_at
  for n = 1, charges do
    local known, from = found[first_charged + n - 1] or '', 1
    local until_then, latest = '', now
    for q = 1, tonumber(argv[at + 1]) do
      local each, ahead = tonumber(argv[at + 3 * q - 1]), tonumber(argv[at + 3 * q])
      local used = now
      local first, last = find(known, '%d+', from)
      if first then
        from = last + 1
        used = tonumber(sub(known, first, last))
        if used < now then
          used = now
        end
      end
      -- What lies further ahead than any burst reaches was said by another clock, or of another quota: one passes.
      if used > now + ahead + each then
        used = now + ahead
      end
      local wait = used - ahead - now
      if wait <= 0 then
        used = used + each
      elseif argv[at + 3 * q + 1] ~= 'refuse' then
        over = over or { 'over', n, q, whole(wait) }
      elseif not refused or wait > tonumber(refused[4]) then
        refused = { 'refused', n, q, whole(wait) }
      end
      if used > latest then
        latest = used
      end
      until_then = q == 1 and whole(used) or until_then .. ' ' .. whole(used)
    end
    passing[3 * n - 2], passing[3 * n - 1] = argv[at], until_then
    passing[3 * n] = whole(math.ceil((latest - now) / 1000) + 60000)
    at = at + 2 + 3 * argv[at + 1]
  end
  if refused then
    return refused
  end
  if over and stop then
    return over
  end
end

local event_ids = {}
if has_head then
  for n = 1, events do
    local at = tonumber(argv[events_at + 2 * n - 2])
    if at > millis then
      millis, event_number = at, 0
    else
      event_number = event_number + 1
    end
    event_ids[n] = format('%d-%d', millis, event_number)
  end
end

-- History. An entry is `<period>:<seen>,<approved>,<spam>,<abuse>;…|<member>:<uses>;…`, both parts in order. What is there of
-- a period is the whole sum; a change that begins a period, or meets one that counts no longer, drops those that do not.
local PERIOD, KEPT, MOST_MEMBERS = 2592000000, 12, 16
local oldest = has_head and math.floor(millis / PERIOD) - (KEPT - 1) or 0

local function sorted(set)
  local list = {}
  for key in pairs(set) do
    list[#list + 1] = key
  end
  table.sort(list, function(one, other) return tonumber(one) < tonumber(other) end)
  return list
end

-- The text of an entry after a change, nil if nothing is left; and whether its member found no room.
local function changed(text, period, add, change, member)
  local buckets, members, size = {}, {}, 0
  local of_periods, of_members = match(text or '', '^([^|]*)|?(.*)$')
  for known, n, a, s, b in gmatch(of_periods, '(%d+):(%d+),(%d+),(%d+),(%d+)') do
    buckets[tonumber(known)] = { tonumber(n), tonumber(a), tonumber(s), tonumber(b) }
  end
  for known, uses in gmatch(of_members, '(%d+):(%d+)') do
    members[known] = tonumber(uses)
    size = size + 1
  end

  local settled = false
  if period >= oldest then
    local bucket = buckets[period]
    settled = bucket ~= nil
    local takes = add[1] < 0 or add[2] < 0 or add[3] < 0 or add[4] < 0
    local changes = add[1] ~= 0 or add[2] ~= 0 or add[3] ~= 0 or add[4] ~= 0
    if not bucket and changes and not takes then
      bucket = { 0, 0, 0, 0 }
      buckets[period] = bucket
    end
    if bucket then
      local sum = 0
      for n = 1, 4 do
        bucket[n] = math.max(0, bucket[n] + add[n])
        sum = sum + bucket[n]
      end
      if takes and sum == 0 then
        buckets[period] = nil
      end
    end
  end
  if not settled then
    for known in pairs(buckets) do
      if known < oldest then
        buckets[known] = nil
      end
    end
  end

  local uses, full = members[member], false
  if change == '?' and not uses and size >= MOST_MEMBERS then
    full = true
  elseif change == '?' or change == '+' then
    members[member] = (uses or 0) + 1
  elseif change == '-' and uses then
    members[member] = uses > 1 and uses - 1 or nil
  end

  local periods, names_of_members = {}, {}
  for n, known in ipairs(sorted(buckets)) do
    local bucket = buckets[known]
    periods[n] = format('%d:%d,%d,%d,%d', known, bucket[1], bucket[2], bucket[3], bucket[4])
  end
  for n, known in ipairs(sorted(members)) do
    names_of_members[n] = known .. ':' .. members[known]
  end
  if #periods == 0 and #names_of_members == 0 then
    return nil, full
  end
  return table.concat(periods, ';') .. '|' .. table.concat(names_of_members, ';'), full
end

local entries, asked, full = {}, 0, 0
for n = 1, deltas do
  local at = deltas_at + 4 * n - 4
  local name, period, fresh = argv[at], tonumber(argv[at + 1]), argv[at + 2]
  local text = entries[name]
  if text == nil then
    text = found[slot_of[name]]
  end
  if not text and fresh ~= '' and period >= oldest then
    entries[name] = fresh
    if find(argv[at + 3], '?', 1, true) then
      asked = asked + 1
    end
  else
    local seen, approving, spam, abuse, sign, member =
      match(argv[at + 3], '^(%-?%d+),(%-?%d+),(%-?%d+),(%-?%d+),([-+?]?)(%d*)$')
    local add = { tonumber(seen), tonumber(approving), tonumber(spam), tonumber(abuse) }
    local after, had_no_room = changed(text or nil, period, add, sign, member)
    entries[name] = after or false
    if sign == '?' then
      full = full + (had_no_room and 2 ^ asked or 0)
      asked = asked + 1
    end
  end
end

-- Where the sections of what is written begin.
local removals, removals_at = tonumber(argv[place]), place + 1
place = removals_at + 2 * removals
local additions, additions_at = tonumber(argv[place]), place + 1
place = additions_at + 2 * additions
local deletions, deleted = tonumber(argv[place]), {}
for n = 1, deletions do
  deleted[n] = prefix .. argv[place + n]
end
place = place + 1 + deletions
local values = {}
for n = 1, 2 * tonumber(argv[place]), 2 do
  values[n], values[n + 1] = prefix .. argv[place + n], argv[place + n + 1]
end
place = place + 1 + #values
local last_passing = place + 3 * argv[place]
for at = place + 1, last_passing do
  passing[#passing + 1] = argv[at]
end
local trim, forget = argv[last_passing + 1], argv[last_passing + 2]

-- The record that is counted with `?` stands first; the end of its head says which of its members found no room.
if full > 0 then
  values[2] = sub(values[2], 1, 24) .. format('%04x', full) .. sub(values[2], 29)
end
for name, text in pairs(entries) do
  if text then
    values[#values + 1] = prefix .. name
    values[#values + 1] = text
  else
    deleted[#deleted + 1] = prefix .. name
  end
end
if has_head then
  local function counted(count, at)
    return math.max(0, tonumber(count) + tonumber(argv[at]))
  end
  values[#values + 1] = prefix .. 'head'
  values[#values + 1] = format('%s %d %d %d %d %d %d %d %d', tag, millis, event_number, counted(approved, counts_at),
    counted(held, counts_at + 1), counted(rejected, counts_at + 2), counted(open, counts_at + 3),
    tonumber(version) + tonumber(argv[counts_at + 4]), tonumber(operations) + 1)
end

-- Lessons are written first: where the number of the newest is lost or too small, the log refuses the next, and tells the number.
if lessons > 0 then
  local log, taught = prefix .. 'n:log', tonumber(found[#names] or '') or 0
  for at = lessons_at, lessons_at + 2 * lessons - 1, 2 do
    taught = taught + 1
    local added = redis.pcall('XADD', log, format('%d-0', taught), 'a', argv[at], 'l', argv[at + 1])
    if type(added) == 'table' and added.err then
      local told = call('XINFO', 'STREAM', log)
      for n = 1, #told, 2 do
        if told[n] == 'last-generated-id' then
          taught = tonumber(match(told[n + 1], '^%d+')) + 1
        end
      end
      call('XADD', log, format('%d-0', taught), 'a', argv[at], 'l', argv[at + 1])
    end
  end
  values[#values + 1] = prefix .. 'n'
  values[#values + 1] = format('%d', taught)
end

-- From here on nothing is looked at any more.
for at = removals_at, removals_at + 2 * removals - 1, 2 do
  call('ZREM', prefix .. argv[at], argv[at + 1])
end
for at = additions_at, additions_at + 2 * additions - 1, 2 do
  call('ZADD', prefix .. argv[at], '0', argv[at + 1])
end
if #deleted > 0 then
  call('DEL', unpack(deleted))
end
if #values > 0 then
  call('MSET', unpack(values))
end
for n = 1, #passing, 3 do
  call('SET', prefix .. passing[n], passing[n + 1], 'PX', passing[n + 2])
end
for n = 1, events do
  call('XADD', prefix .. 'e', event_ids[n], 'e', argv[events_at + 2 * n - 1])
end
if trim ~= '' then
  call('XTRIM', prefix .. 'e', 'MINID', trim)
end
if forget ~= '' then
  call('XTRIM', prefix .. 'n:log', 'MINID', forget)
end
return { 'ok', millis or '', event_number or '' }
